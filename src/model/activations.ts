import { partialWords } from "../kernels/sample.ts";
import type { LlamaConfig } from "./config.ts";

/** The buffers a step computes in, f32 unless said otherwise, allocated once for the largest step. */
export interface Activations {
  /** `[tokens][hiddenSize]`: the residual stream. */
  readonly hidden: GPUBuffer;
  /** `[tokens][(headCount + 2 * kvHeadCount) * headDim]`. */
  readonly qkv: GPUBuffer;
  /** `[tokens][headCount][headDim]`, rotated. */
  readonly query: GPUBuffer;
  /** `[tokens][headCount][headDim]`. */
  readonly attended: GPUBuffer;
  /** `[tokens][intermediateSize]`. */
  readonly mlp: GPUBuffer;
  /** `[samples][vocabSize]`. */
  readonly logits: GPUBuffer;
  /** `[samples][partialWords]`, scratch of the sampler. */
  readonly samplePartials: GPUBuffer;
  /** `[samples]` of (token u32, log-probability f32). */
  readonly results: GPUBuffer;
  /** `[slots]` u32. */
  readonly lastSampled: GPUBuffer;
  /** `[slots][vocabSize]` u32; see shaders/history_mark.wgsl. */
  readonly history: GPUBuffer;
}

export interface ActivationSizes {
  readonly tokenCount: number;
  readonly sampleCount: number;
  readonly slotCount: number;
}

/** Bytes of each buffer. */
export function activationBytes(
  config: LlamaConfig,
  sizes: ActivationSizes,
): Record<keyof Activations, number> {
  const { tokenCount, sampleCount, slotCount } = sizes;
  const queryDim = config.headCount * config.headDim;
  return {
    hidden: 4 * tokenCount * config.hiddenSize,
    qkv: 4 * tokenCount * (queryDim + 2 * config.kvHeadCount * config.headDim),
    query: 4 * tokenCount * queryDim,
    attended: 4 * tokenCount * queryDim,
    mlp: 4 * tokenCount * config.intermediateSize,
    logits: 4 * sampleCount * config.vocabSize,
    samplePartials: 4 * sampleCount * partialWords(config.vocabSize),
    results: 8 * sampleCount,
    lastSampled: 4 * slotCount,
    history: 4 * slotCount * config.vocabSize,
  };
}

export function allocateActivations(
  device: GPUDevice,
  config: LlamaConfig,
  sizes: ActivationSizes,
): Activations {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const entries = Object.entries(activationBytes(config, sizes)).map(([label, size]) => [
    label,
    device.createBuffer({ label, size: Math.ceil(size / 16) * 16, usage }),
  ]);
  return Object.fromEntries(entries) as Activations;
}
