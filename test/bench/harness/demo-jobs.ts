import { existsSync, readFileSync } from "node:fs";
import type { Sampling } from "../../../src/engine/step.ts";
import type { GpuModel } from "../../../src/runtime/load-model.ts";
import { checkMessages } from "../../../src/text/message.ts";
import { greedy } from "../../support/greedy.ts";
import type { Job } from "./serving.ts";

const PROMPTS = "test/eval/prompts.jsonl";

/** Whether the bundled model and its prompts are at hand; on a machine that has only the programs they are not. */
export function hasDemo(): boolean {
  return existsSync(PROMPTS) && existsSync("public/models/quire-demo/model.safetensors");
}

/** Held-out prompts of one task, in turn, as many as asked for. */
export function demoJobs(
  { tokenizer, template, generation }: GpuModel,
  task: string,
  count: number,
  maxTokens: number,
  sampling: Sampling = greedy,
): Job[] {
  const all = readFileSync(PROMPTS, "utf8").trim().split("\n");
  const prompts = all
    .map((line) => JSON.parse(line) as { readonly task: string; readonly messages: unknown })
    .filter((prompt) => prompt.task === task);
  return Array.from({ length: count }, (_, i) => {
    const { messages } = prompts[i % prompts.length]!;
    const rendered = template!.render(checkMessages(messages), { addGenerationPrompt: true });
    return {
      promptIds: tokenizer.encodeTemplated(rendered),
      maxTokens,
      stopIds: generation.eosTokenIds,
      sampling: { ...sampling, seed: i },
    };
  });
}
