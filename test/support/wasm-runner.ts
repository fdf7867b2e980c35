import ortFactory from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import type { SequenceStep } from "../../src/engine/step.ts";
import { parseLlamaConfig } from "../../src/model/config.ts";
import { planKvCache } from "../../src/model/kv-cache.ts";
import { openModelFolder } from "../../src/store/model-folder.ts";
import type { FileSource } from "../../src/store/source.ts";
import type { WeightForm } from "../../src/wasm/graph-builder.ts";
import { loadWeights } from "../../src/wasm/load-weights.ts";
import { Ort } from "../../src/wasm/ort.ts";
import { WasmRunner } from "../../src/wasm/wasm-runner.ts";
import { greedy } from "./greedy.ts";

export interface RunnerOptions {
  readonly form?: WeightForm;
  readonly maxSequences?: number;
  readonly maxStepTokens?: number;
  readonly contextLen?: number;
  readonly kvBudgetBytes?: number;
}

let opening: Promise<Ort> | undefined;

/** The module, once for all tests of a file. */
export function openOrt(): Promise<Ort> {
  opening ??= Ort.open(ortFactory, 1);
  return opening;
}

/** A runner of a model folder. */
export async function openRunner(source: FileSource, options: RunnerOptions = {}): Promise<WasmRunner> {
  const { form = "f32", maxSequences = 4, maxStepTokens = 32 } = options;
  const ort = await openOrt();
  const folder = await openModelFolder(source);
  const config = parseLlamaConfig(folder.config);
  const kvPlan = planKvCache(config, {
    kvType: "f32",
    maxSequences,
    contextLen: options.contextLen,
    budgetBytes: options.kvBudgetBytes,
    maxBindingBytes: Number.POSITIVE_INFINITY,
  });
  const feed = await loadWeights(ort, config, folder, form, {});
  return WasmRunner.open({ ort, config, weights: feed.finish(), kvPlan, maxSequences, maxStepTokens });
}

/** Greedy tokens after a prompt that is fed in chunks, straight from the runner. */
export async function greedyTokens(
  runner: WasmRunner,
  prompt: readonly number[],
  count: number,
): Promise<number[]> {
  const { blockSize, maxStepTokens } = runner.limits;
  const blocks = Array.from({ length: Math.ceil((prompt.length + count) / blockSize) }, (_, i) => i);
  const step = async (tokens: readonly number[], position: number, sampleCount: number) => {
    const sequence: SequenceStep = { slot: 0, tokens, position, blocks, sampleCount, sampling: greedy };
    const { sampled } = await runner.execute({ sequences: [sequence] });
    return sampled[0]!.map(({ id }) => id);
  };
  const output: number[] = [];
  for (let at = 0; at < prompt.length; at += maxStepTokens) {
    const chunk = prompt.slice(at, at + maxStepTokens);
    output.push(...(await step(chunk, at, at + chunk.length === prompt.length ? 1 : 0)));
  }
  while (output.length < count) {
    output.push(...(await step([output.at(-1)!], prompt.length + output.length - 1, 1)));
  }
  return output;
}
