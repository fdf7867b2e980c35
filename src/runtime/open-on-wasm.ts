import { planKvCache } from "../model/kv-cache.ts";
import type { LoadedModel } from "../protocol.ts";
import { activationBytes } from "../wasm/activations.ts";
import { checkMemory, loadWeights, weightBytes } from "../wasm/load-weights.ts";
import { openOrt } from "../wasm/open-ort.ts";
import type { Ort } from "../wasm/ort.ts";
import { activationSizes, WasmRunner } from "../wasm/wasm-runner.ts";
import { type ModelHead, readModel } from "./read-model.ts";
import type { OpenContext, RunningModel } from "./running-model.ts";

const MAX_SEQUENCES = 4;
/** A step holds the worker up, so a prompt is taken in small chunks; measured, larger ones are no faster. */
const MAX_STEP_TOKENS = 32;
const KV_BUDGET_BYTES = 512 * 2 ** 20;

/** Loads a model into WebAssembly; what cannot fit is refused before its weights are read. */
export async function openOnWasm(
  context: OpenContext,
  open: (threadCount: number | undefined) => Promise<Ort> = openOrt,
): Promise<RunningModel> {
  const { source, options, onProgress, signal } = context;
  signal.throwIfAborted();
  onProgress({ phase: "open", loadedBytes: 0, totalBytes: 0 });
  const model = await readModel(source, { signal });
  const plan = planMemory(model, options);
  const ort = await open(options.wasmThreads);
  const { config, stored, generation, tokenizer, template } = model;
  const feed = await loadWeights(ort, config, stored, plan.form, { signal, onProgress });
  try {
    const weights = feed.finish();
    const runner = await WasmRunner.open({ ort, config, weights, ...plan });
    onProgress({ phase: "ready", loadedBytes: plan.weightBytes, totalBytes: plan.weightBytes });
    const description = descriptionOf(model, plan, ort);
    return { description, generation, tokenizer, template, runner, dispose: () => feed.dispose() };
  } catch (error) {
    feed.dispose();
    throw error;
  }
}

type MemoryOptions = OpenContext["options"];

function planMemory({ config, stored }: ModelHead, options: MemoryOptions) {
  const {
    maxSequences = MAX_SEQUENCES,
    wasmWeights: form = "int8",
    kvBudgetBytes = KV_BUDGET_BYTES,
  } = options;
  const kvPlan = planKvCache(config, {
    kvType: "f32",
    maxSequences,
    contextLen: options.contextLen,
    budgetBytes: kvBudgetBytes / 2, // a position is held twice: in its block, and by its sequence
    maxBindingBytes: Number.POSITIVE_INFINITY,
  });
  const sizes = { maxSequences, maxStepTokens: MAX_STEP_TOKENS };
  const scratchBytes = activationBytes(config, activationSizes(sizes));
  const { tensors } = stored;
  checkMemory({ config, tensors, form, stateBytes: 2 * kvPlan.sizeBytes + scratchBytes });
  return { ...sizes, form, kvPlan, scratchBytes, weightBytes: weightBytes({ config, tensors, form }) };
}

function descriptionOf(model: ModelHead, plan: ReturnType<typeof planMemory>, ort: Ort): LoadedModel {
  const { label, config, template, stored } = model;
  const { kvPlan, weightBytes, scratchBytes, form } = plan;
  const { threadCount } = ort;
  return {
    model: label,
    architecture: config.architecture,
    parameterCount: parameterCount(stored),
    contextLen: kvPlan.contextLen,
    vocabSize: config.vocabSize,
    chat: template !== undefined,
    adapter: {
      vendor: "onnxruntime",
      description: `WebAssembly, ${threadCount} ${threadCount === 1 ? "thread" : "threads"}, ${form}`,
      software: true,
    },
    memory: {
      weightBytes,
      kvBytes: 2 * kvPlan.sizeBytes,
      scratchBytes,
      kvType: "f32",
      blockSize: kvPlan.blockSize,
      blockCount: kvPlan.blockCount,
    },
  };
}

function parameterCount({ tensors }: ModelHead["stored"]): number {
  return [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
