import { CapacityError } from "../errors.ts";
import type { LlamaConfig } from "./config.ts";

export type KvType = "f32" | "f16";

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
  const elementBytes = request.kvType === "f16" ? 2 : 4;
  const layerBlockBytes = BLOCK_SIZE * config.kvHeadCount * config.headDim * elementBytes;
  const blockBytes = 2 * config.layerCount * layerBlockBytes;
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

/** A layer's keys and values: `[blockCount][blockSize][kvHeadCount][headDim]` each. */
export interface LayerCache {
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
}

export function allocateKvCache(device: GPUDevice, config: LlamaConfig, plan: KvPlan): LayerCache[] {
  const size = plan.sizeBytes / config.layerCount / 2;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  return Array.from({ length: config.layerCount }, (_, layer) => ({
    keys: device.createBuffer({ label: `keys ${layer}`, size, usage }),
    values: device.createBuffer({ label: `values ${layer}`, size, usage }),
  }));
}
