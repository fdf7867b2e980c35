import { CapacityError, DeviceError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { checkCapacity, mostMemoryBytes } from "../model/capacity.ts";
import type { LlamaConfig } from "../model/config.ts";
import { GpuRunner, scratchSizes } from "../model/gpu-runner.ts";
import { type KvPlan, planKvCache } from "../model/kv-cache.ts";
import { attentionForm } from "../model/llama.ts";
import { weightBytes } from "../model/tensors.ts";
import { WeightStore } from "../model/weights.ts";
import type { LoadOptions, LoadProgress } from "../protocol.ts";
import type { FileSource } from "../store/source.ts";
import { streamTensors } from "../store/stream-tensors.ts";
import { attentionTuning } from "./attention-tuning.ts";
import { type ModelHead, readModel } from "./read-model.ts";

/** A model in a GPU's memory, with all that its text needs. */
export interface GpuModel extends Omit<ModelHead, "stored"> {
  readonly runner: GpuRunner;
  readonly weights: WeightStore;
  readonly kvPlan: KvPlan;
}

export interface LoadContext {
  readonly gpu: Gpu;
  readonly source: FileSource;
  readonly options: Omit<LoadOptions, "model" | "baseUrl">;
  readonly onProgress: (progress: LoadProgress) => void;
  readonly signal: AbortSignal;
}

const MAX_SEQUENCES = 16;
const MAX_STEP_TOKENS = 512;

/** What a model is given to run in. */
interface ModelPlan {
  readonly kvPlan: KvPlan;
  readonly maxSequences: number;
  readonly maxStepTokens: number;
}

/** Reads, checks and uploads a model; all that can be refused is refused before the weights are read. */
export async function loadModel(context: LoadContext): Promise<GpuModel> {
  const { gpu, source, options, onProgress, signal } = context;
  onProgress({ phase: "open", loadedBytes: 0, totalBytes: 0 });
  const { stored, ...head } = await readModel(source, { signal, onProgress });
  const plan = planModel(gpu, head.config, options);
  checkFit(context, head.config, stored, plan);
  const { weights, runner } = await allocate(context, head.config, stored, plan);
  // The kernels compile while the weights come in; where one of the two fails, the other ends.
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  try {
    await Promise.all([fill(gpu, stored, weights, onProgress, either), runner.compile()]);
    onProgress({ phase: "ready", loadedBytes: weights.sizeBytes, totalBytes: weights.sizeBytes });
    return { ...head, runner, weights, kvPlan: plan.kvPlan };
  } catch (error) {
    failure.abort();
    runner.dispose();
    weights.dispose();
    throw error;
  }
}

function planModel(gpu: Gpu, config: LlamaConfig, options: LoadContext["options"]): ModelPlan {
  const { maxSequences = MAX_SEQUENCES, kvType = "f16" } = options;
  const kvPlan = planKvCache(config, {
    kvType,
    maxSequences,
    contextLen: options.contextLen,
    budgetBytes: options.kvBudgetBytes,
    maxBindingBytes: gpu.device.limits.maxStorageBufferBindingSize,
  });
  return { kvPlan, maxSequences, maxStepTokens: Math.min(MAX_STEP_TOKENS, Math.max(kvPlan.contextLen, 16)) };
}

function checkFit(
  { gpu, options }: LoadContext,
  config: LlamaConfig,
  { tensors }: ModelHead["stored"],
  plan: ModelPlan,
): void {
  const needs = {
    weightBytes: weightBytes(config, tensors),
    kvBytes: plan.kvPlan.sizeBytes,
    scratch: scratchSizes(gpu, { config, ...plan, attention: attentionOptions(options) }),
  };
  const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
  checkCapacity(needs, gpu.device.limits, mostMemoryBytes(deviceMemory));
}

function attentionOptions({ attention, deterministic }: LoadContext["options"]) {
  return { mode: attention, deterministic };
}

/** Makes every buffer and pipeline the model needs, or none of them. */
async function allocate(
  { gpu, options }: LoadContext,
  config: LlamaConfig,
  { tensors }: ModelHead["stored"],
  plan: ModelPlan,
) {
  const { device } = gpu;
  const { recording, profile } = options;
  const form = attentionForm(config, plan.kvPlan);
  const tuning = await attentionTuning(gpu, form, options.attentionTuning ?? "stored");
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  const weights = new WeightStore(device, config, tensors);
  const attention = { ...attentionOptions(options), tuning };
  const made = { gpu, config, weights: weights.weights, recording: { mode: recording }, attention, profile };
  const runner = new GpuRunner({ ...made, ...plan });
  const outOfMemory = await device.popErrorScope();
  const invalid = await device.popErrorScope();
  if (!outOfMemory && !invalid) return { weights, runner };
  const kvBytes = plan.kvPlan.sizeBytes;
  const neededBytes = weights.sizeBytes + kvBytes + runner.scratchBytes;
  runner.dispose();
  weights.dispose();
  if (!outOfMemory) throw new DeviceError(`The GPU refused the model's kernels: ${invalid!.message}`);
  throw new CapacityError(
    `The model needs ${neededBytes} bytes of GPU memory (${weights.sizeBytes} of weights, ${kvBytes} of ` +
      "KV cache) and the device has not that much free. Choose a smaller model, a shorter context or a smaller kvBudgetBytes.",
  );
}

/** Bytes handed to the GPU before waiting for it to take them, so that they do not pile up in its queue. */
const UPLOAD_WINDOW_BYTES = 32 * 2 ** 20;

async function fill(
  gpu: Gpu,
  stored: ModelHead["stored"],
  weights: WeightStore,
  onProgress: LoadContext["onProgress"],
  signal: AbortSignal,
): Promise<void> {
  const { queue } = gpu.device;
  let waitingBytes = 0;
  await streamTensors(
    stored,
    weights.names,
    async (tensor, offset, bytes) => {
      weights.write(tensor, offset, bytes);
      waitingBytes += bytes.length;
      if (waitingBytes < UPLOAD_WINDOW_BYTES) return;
      waitingBytes = 0;
      queue.submit([]);
      await queue.onSubmittedWorkDone();
    },
    { signal, onProgress },
  );
  onProgress({ phase: "compile", loadedBytes: weights.sizeBytes, totalBytes: weights.sizeBytes });
  queue.submit([]);
  await queue.onSubmittedWorkDone();
}
