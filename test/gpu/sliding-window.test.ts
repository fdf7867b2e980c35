import { expect, it } from "vitest";
import type { LoadOptions } from "../../src/protocol.ts";
import { openOnGpu } from "../../src/runtime/open-on-gpu.ts";
import { openOnWasm } from "../../src/runtime/open-on-wasm.ts";
import type { OpenModel } from "../../src/runtime/running-model.ts";
import { greedyReference, LlamaReference } from "../reference/llama.ts";
import { readLlamaModel } from "../reference/read-model.ts";
import { answers, loadRuntime } from "../support/answers.ts";
import { openOrtAnywhere } from "../support/both-places.ts";
import { memorySource } from "../support/memory-source.ts";
import { tinyModelFiles } from "../support/model-files.ts";
import { BEGIN_ID } from "../support/tiny-tokenizer.ts";

const TEXT = "Whoever sees but a few steps back must go slowly."; // no merges: a byte is a token
const OUTPUT_COUNT = 12;

const runners: [string, OpenModel, Partial<LoadOptions>][] = [
  ["WebGPU", openOnGpu, { kvType: "f32" }],
  ["WebAssembly", (context) => openOnWasm(context, openOrtAnywhere), { wasmWeights: "f32" }],
];

for (const [name, openModel, options] of runners) {
  it.each([1, 23])(`on ${name} a model with a window of %i says what its reference says`, async (window) => {
    const architecture = { architectures: ["MistralForCausalLM"], model_type: "mistral" };
    const source = memorySource(tinyModelFiles({ config: { ...architecture, sliding_window: window } }));
    const runtime = await loadRuntime(source, openModel, options);
    const request = { temperature: 0, maxTokens: OUTPUT_COUNT, logprobs: true, stopTokenIds: [] };
    const [answer] = await answers(runtime, [[TEXT, request]]);
    runtime.dispose();

    const model = await readLlamaModel(source);
    const prompt = [BEGIN_ID, ...new TextEncoder().encode(TEXT)];
    const wanted = greedyReference(model, prompt, OUTPUT_COUNT);
    expect(answer!.tokenIds).toEqual(wanted);
    expect(answer!.logprobs).toHaveLength(OUTPUT_COUNT);
    const reference = new LlamaReference(model);
    for (const [i, logprob] of answer!.logprobs!.entries()) {
      const logits = i === 0 ? reference.prefill(prompt) : reference.next(wanted[i - 1]!);
      expect(Math.abs(logprob - logProbability(logits, wanted[i]!))).toBeLessThan(1e-4);
    }
  });
}

function logProbability(logits: Float64Array, token: number): number {
  return logits[token]! - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
}
