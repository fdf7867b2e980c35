import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LoadOptions, Message, RequestOptions } from "../../src/protocol.ts";
import { openOnGpu } from "../../src/runtime/open-on-gpu.ts";
import { openOnWasm } from "../../src/runtime/open-on-wasm.ts";
import type { OpenModel } from "../../src/runtime/running-model.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import promptLines from "../eval/prompts.jsonl?raw";
import { answers, loadRuntime } from "../support/answers.ts";
import { demoModelSource, openOrtAnywhere } from "../support/both-places.ts";

interface AskedPrompt {
  readonly messages: readonly Message[];
  readonly tools?: RequestOptions["tools"];
}

/** Every so many-th of the held-out prompts, which come task by task; not the longest, for speed. */
function spreadPrompts(count: number): AskedPrompt[] {
  const lines = promptLines
    .trim()
    .split("\n")
    .filter(({ length }) => length < 300);
  return Array.from({ length: count }, (_, i) => JSON.parse(lines[Math.floor((i * lines.length) / count)]!));
}

async function load(openModel: OpenModel, options: Partial<LoadOptions>): Promise<Runtime> {
  return loadRuntime(await demoModelSource(), openModel, { contextLen: 512, ...options });
}

describe("WebAssembly beside WebGPU, both in f32, on the bundled model", () => {
  let wasm: Runtime;
  let gpu: Runtime;
  beforeAll(async () => {
    wasm = await load((context) => openOnWasm(context, openOrtAnywhere), {
      wasmWeights: "f32",
      maxSequences: 4,
    });
    gpu = await load(openOnGpu, { kvType: "f32", maxSequences: 16 });
  });
  afterAll(() => {
    wasm?.dispose();
    gpu?.dispose();
  });

  it("answers 50 held-out prompts token for token alike, each token as likely to within 1e-3", {
    timeout: 300_000,
  }, async () => {
    const settings = { temperature: 0, maxTokens: 8, logprobs: true };
    const requests = spreadPrompts(50).map(
      ({ messages, tools }) => [messages, { ...settings, ...(tools ? { tools } : {}) }] as const,
    );
    const [got, wanted] = [await answers(wasm, requests), await answers(gpu, requests)];
    for (const [i, { tokenIds, logprobs }] of got.entries()) {
      expect(tokenIds, `prompt ${i}`).toEqual(wanted[i]!.tokenIds);
      for (const [at, logprob] of logprobs!.entries()) {
        expect(Math.abs(logprob - wanted[i]!.logprobs![at]!)).toBeLessThan(1e-3);
      }
    }
  });

  it("draws the same tokens from the same seeds, penalties and truncations", async () => {
    const story = [{ role: "user", content: "Tell me a short story about an owl." }] as const;
    const settings: RequestOptions[] = [
      { temperature: 1 },
      { temperature: 0.8, topK: 20, topP: 0.95 },
      { temperature: 1.2, minP: 0.05, repetitionPenalty: 1.2 },
      { temperature: 0.9, presencePenalty: 0.5, frequencyPenalty: 0.3 },
    ];
    const requests = settings.map((each, i) => [story, { ...each, seed: 100 + i, maxTokens: 24 }] as const);
    const [got, wanted] = [await answers(wasm, requests), await answers(gpu, requests)];
    expect(got.map(({ tokenIds }) => tokenIds)).toEqual(wanted.map(({ tokenIds }) => tokenIds));
  });
});
