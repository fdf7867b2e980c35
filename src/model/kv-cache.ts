import { CapacityError } from "../errors.ts";
import { KV_QUAD_BYTES, type KvType } from "../kernels/attention-layout.ts";
import type { LlamaConfig } from "./config.ts";

export type { KvType };

/** How many blocks the cache has and what they cost. */
export interface KvPlan {
  readonly kvType: KvType;
  /** Tokens in a block. */
  readonly blockSize: number;
  readonly blockCount: number;
  /** Bytes of all layers' keys and values. */
  readonly sizeBytes: number;
  /** Positions one sequence may reach. */
  readonly contextLen: number;
}

export interface KvRequest {
  readonly kvType: KvType;
  readonly maxSequences: number;
  /** Positions wanted per sequence; the model's own limit where undefined. */
  readonly contextLen: number | undefined;
  /** Bytes the cache may take; a default for the device where undefined. */
  readonly budgetBytes: number | undefined;
  /** Largest binding the device allows, in bytes: a layer's keys are bound whole. */
  readonly maxBindingBytes: number;
}

const BLOCK_SIZE = 16;
const DEFAULT_BUDGET_BYTES = 512 * 2 ** 20;

/**
 * Sizes the paged cache: room for every sequence at full length, or as much of it as the budget and the
 * device's largest binding leave.
 *
 * @throws CapacityError when not even one sequence of the wanted length fits, with both numbers.
 */
export function planKvCache(config: LlamaConfig, request: KvRequest): KvPlan {
  const layerBlockBytes = BLOCK_SIZE * vectorBytes(config, request.kvType);
  const blockBytes =
    config.layerCount * (2 * layerBlockBytes + BLOCK_SIZE * scaleBytes(config, request.kvType));
  const budgetBytes = request.budgetBytes ?? DEFAULT_BUDGET_BYTES;
  const wanted = Math.min(request.contextLen ?? config.contextLen, config.contextLen);
  const affordable = Math.floor(
    Math.min(budgetBytes / blockBytes, request.maxBindingBytes / layerBlockBytes),
  );
  const blockCount = Math.min(affordable, request.maxSequences * Math.ceil(wanted / BLOCK_SIZE));
  const contextLen = Math.min(wanted, blockCount * BLOCK_SIZE);
  if (contextLen < 1 || (request.contextLen !== undefined && contextLen < wanted)) {
    const neededBytes = Math.ceil(wanted / BLOCK_SIZE) * blockBytes;
    throw new CapacityError(
      `A context of ${wanted} tokens needs ${neededBytes} bytes of KV cache, and ${affordable * blockBytes} fit ` +
        `(budget ${budgetBytes}). Ask for a shorter context or allow a larger budget.`,
    );
  }
  return {
    kvType: request.kvType,
    blockSize: BLOCK_SIZE,
    blockCount,
    sizeBytes: blockCount * blockBytes,
    contextLen,
  };
}

/** Bytes of one token's keys in a layer, or of its values. */
function vectorBytes({ kvHeadCount, headDim }: LlamaConfig, kvType: KvType): number {
  return kvHeadCount * (headDim / 4) * KV_QUAD_BYTES[kvType];
}

/** Bytes of one token's scales in a layer. */
function scaleBytes({ kvHeadCount }: LlamaConfig, kvType: KvType): number {
  return kvType === "int8" ? 8 * kvHeadCount : 0;
}

/** A layer's keys and values: `[blockCount][blockSize][kvHeadCount][headDim]` each. */
export interface LayerCache {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  /** `[blockCount][blockSize][kvHeadCount]` of a key's and a value's scale, f32, with int8. */
  readonly scales: GPUBuffer | undefined;
}

export function allocateKvCache(device: GPUDevice, config: LlamaConfig, plan: KvPlan): LayerCache[] {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const tokens = plan.blockCount * plan.blockSize;
  const buffer = (name: string, layer: number, size: number) =>
    device.createBuffer({ label: `${name} ${layer}`, size, usage });
  const size = tokens * vectorBytes(config, plan.kvType);
  const scalesSize = tokens * scaleBytes(config, plan.kvType);
  return Array.from({ length: config.layerCount }, (_, layer) => ({
    keys: buffer("keys", layer, size),
    values: buffer("values", layer, size),
    scales: scalesSize > 0 ? buffer("scales", layer, scalesSize) : undefined,
  }));
}

/** Every buffer of the cache. */
export function cacheBuffers(cache: readonly LayerCache[]): GPUBuffer[] {
  return cache.flatMap(({ keys, values, scales }) => (scales ? [keys, values, scales] : [keys, values]));
}
