import type { Runner } from "../../../src/engine/step.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import type { GpuModel } from "../../../src/runtime/load-model.ts";
import { demoModel } from "../../support/demo-model.ts";
import { greedy } from "../../support/greedy.ts";
import { type BenchContext, countsOption } from "./benchmark.ts";
import { demoJobs } from "./demo-jobs.ts";
import type { Report } from "./report.ts";
import { interleave, median } from "./samples.ts";
import { type Job, serve, tokenCount } from "./serving.ts";

/** Drafting on and off, where the answer copies the prompt and where it does not. */
export async function drafting(context: BenchContext, gpu: Gpu): Promise<void> {
  const model = await demoModel(gpu, 4);
  const count = countsOption(context, "tasks")[0]!;
  const drawn = { ...greedy, temperature: 0.9 };
  const kinds: [name: string, jobs: Job[]][] = [
    ["copy, greedy", demoJobs(model, "copy", count, 48)],
    ["copy of 3 sentences, greedy", longCopies(model, count)],
    ["stories, drawn", demoJobs(model, "story", count, 64, drawn)],
  ];
  for (const [name, jobs] of kinds) await reportSpeculation(context.report, model.runner, name, jobs);
  model.runner.dispose();
  model.weights.dispose();
}

function longCopies(model: GpuModel, count: number): Job[] {
  const sentences =
    "The fox walked slowly to the harbor and back. Rain fell on the roof, and the heron did not mind. By noon the meadow was bright again.";
  const messages = [{ role: "user" as const, content: `Repeat this: ${sentences}` }];
  const promptIds = model.tokenizer.encodeTemplated(
    model.template!.render(messages, { addGenerationPrompt: true }),
  );
  return Array.from({ length: count }, () => ({
    promptIds,
    maxTokens: 64,
    stopIds: model.generation.eosTokenIds,
  }));
}

async function reportSpeculation(
  report: Report,
  runner: Runner,
  name: string,
  jobs: readonly Job[],
): Promise<void> {
  const figures: Record<string, { steps: number; tokens: number; acceptance: number }> = {};
  const side = (key: "on" | "off") => async () => {
    const { durationMs, served, stats } = await serve(
      runner,
      jobs.map((job) => ({ ...job, speculate: key === "on" })),
      { queue: true, prefixCache: true },
    );
    const tokens = tokenCount(served);
    figures[key] = { steps: stats.stepCount, tokens, acceptance: stats.speculation.acceptanceRate };
    return durationMs / tokens;
  };
  const times = await interleave({ on: side("on"), off: side("off") }, { warmupCount: 1, sampleCount: 5 });
  const row = (key: "on" | "off") => {
    const { steps, tokens, acceptance } = figures[key]!;
    return [
      key,
      tokens,
      tokens / steps,
      100 * acceptance,
      median(times[key]),
      median(times.off) / median(times[key]),
    ];
  };
  report.table({
    title: `Drafting: ${name}`,
    columns: [
      "drafting",
      "tokens",
      { name: "tokens per step", digits: 2 },
      { name: "accepted %", digits: 1 },
      { name: "ms per token", digits: 2 },
      { name: "speed-up", digits: 2 },
    ],
    rows: [row("on"), row("off")],
  });
}
