import { CapacityError, DeviceError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { type LlamaConfig, parseLlamaConfig } from "../model/config.ts";
import { type GenerationConfig, parseGenerationConfig } from "../model/generation-config.ts";
import { GpuRunner } from "../model/gpu-runner.ts";
import { type KvPlan, planKvCache } from "../model/kv-cache.ts";
import { checkTensors } from "../model/tensors.ts";
import { WeightStore } from "../model/weights.ts";
import type { LoadOptions, LoadProgress } from "../protocol.ts";
import { type ModelFolder, openModelFolder } from "../store/model-folder.ts";
import type { FileSource } from "../store/source.ts";
import { streamTensors } from "../store/stream-tensors.ts";
import { ChatTemplate } from "../text/chat-template.ts";
import { Tokenizer } from "../text/tokenizer.ts";

/** A model in a GPU's memory, with all that its text needs. */
export interface GpuModel {
  readonly label: string;
  readonly config: LlamaConfig;
  readonly generation: GenerationConfig;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | undefined;
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

/** Reads, checks and uploads a model; all that can be refused is refused before the weights are read. */
export async function loadModel({
  gpu,
  source,
  options,
  onProgress,
  signal,
}: LoadContext): Promise<GpuModel> {
  onProgress({ phase: "open", loadedBytes: 0, totalBytes: 0 });
  const folder = await openModelFolder(source, { signal });
  const config = parseLlamaConfig(folder.config);
  checkTensors(config, folder);
  const generation = parseGenerationConfig(folder.generationConfig, folder.config);
  const tokenizer = new Tokenizer(folder.tokenizer, folder.tokenizerConfig);
  const template =
    folder.chatTemplate === undefined ? undefined : new ChatTemplate(folder.chatTemplate, tokenizer);
  const { maxSequences = MAX_SEQUENCES, kvType = "f16" } = options;
  const kvPlan = planKvCache(config, {
    kvType,
    maxSequences,
    contextLen: options.contextLen,
    budgetBytes: options.kvBudgetBytes,
    maxBindingBytes: gpu.device.limits.maxStorageBufferBindingSize,
  });
  const { weights, runner } = await allocate(gpu, config, folder, kvPlan, options);
  try {
    // The kernels compile while the weights come in.
    await Promise.all([fill(gpu, folder, weights, onProgress, signal), runner.compile()]);
    onProgress({ phase: "ready", loadedBytes: weights.sizeBytes, totalBytes: weights.sizeBytes });
    return { label: source.label, config, generation, tokenizer, template, runner, weights, kvPlan };
  } catch (error) {
    runner.dispose();
    weights.dispose();
    throw error;
  }
}

/** Makes every buffer and pipeline the model needs, or none of them. */
async function allocate(
  gpu: Gpu,
  config: LlamaConfig,
  folder: ModelFolder,
  kvPlan: KvPlan,
  { maxSequences = MAX_SEQUENCES, recording, profile }: LoadContext["options"],
) {
  const { device } = gpu;
  device.pushErrorScope("validation");
  device.pushErrorScope("out-of-memory");
  const weights = new WeightStore(device, config, folder.tensors);
  const maxStepTokens = Math.min(MAX_STEP_TOKENS, Math.max(kvPlan.contextLen, 16));
  const runner = new GpuRunner({
    gpu,
    config,
    weights: weights.weights,
    kvPlan,
    maxSequences,
    maxStepTokens,
    recording: { mode: recording },
    profile,
  });
  const outOfMemory = await device.popErrorScope();
  const invalid = await device.popErrorScope();
  if (!outOfMemory && !invalid) return { weights, runner };
  const neededBytes = weights.sizeBytes + kvPlan.sizeBytes + runner.scratchBytes;
  runner.dispose();
  weights.dispose();
  if (!outOfMemory) throw new DeviceError(`The GPU refused the model's kernels: ${invalid!.message}`);
  throw new CapacityError(
    `The model needs ${neededBytes} bytes of GPU memory (${weights.sizeBytes} of weights, ${kvPlan.sizeBytes} of ` +
      "KV cache) and the device has not that much free. Choose a smaller model, a shorter context or a smaller kvBudgetBytes.",
  );
}

/** Bytes handed to the GPU before waiting for it to take them, so that they do not pile up in its queue. */
const UPLOAD_WINDOW_BYTES = 32 * 2 ** 20;

async function fill(
  gpu: Gpu,
  folder: ModelFolder,
  weights: WeightStore,
  onProgress: LoadContext["onProgress"],
  signal: AbortSignal,
): Promise<void> {
  const { queue } = gpu.device;
  let waitingBytes = 0;
  await streamTensors(
    folder,
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
