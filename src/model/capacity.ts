import { CapacityError } from "../errors.ts";

/** Bytes a model takes on the GPU. */
export interface MemoryNeeds {
  readonly weightBytes: number;
  readonly kvBytes: number;
  /** Bytes of each buffer a step computes in, by its name. Each is bound whole. */
  readonly scratch: Readonly<Record<string, number>>;
}

export interface MemoryLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

/** More than the memory of any machine a page runs on: a model that needs it has a mistake in its numbers. */
export const MOST_MEMORY_BYTES = 512 * 2 ** 30;

/**
 * Raises a CapacityError with both numbers for a model that cannot fit, before anything is allocated or
 * downloaded. One that passes may still find the memory taken: only allocating it tells.
 */
export function checkCapacity(needs: MemoryNeeds, limits: MemoryLimits, availableBytes: number): void {
  const { weightBytes, kvBytes, scratch } = needs;
  const scratchBytes = Object.values(scratch).reduce((sum, bytes) => sum + bytes, 0);
  const neededBytes = weightBytes + kvBytes + scratchBytes;
  if (neededBytes > availableBytes) {
    throw new CapacityError(
      `The model needs ${neededBytes} bytes of memory (${weightBytes} of weights, ${kvBytes} of KV cache, ` +
        `${scratchBytes} to compute in) and this device has at most ${availableBytes}. Choose a smaller model, ` +
        "a smaller kvBudgetBytes or fewer maxSequences.",
    );
  }
  const mostBytes = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const large = Object.entries(scratch).find(([, bytes]) => bytes > mostBytes);
  if (!large) return;
  throw new CapacityError(
    `The model needs a buffer of ${large[1]} bytes (${large[0]}) and the device's largest is ${mostBytes}. ` +
      "Choose fewer maxSequences, or a model with a smaller vocabulary.",
  );
}

/**
 * The most memory this machine can have, from the page's `navigator.deviceMemory`: gigabytes of RAM, rounded
 * to a power of two and not told above 8. With that little RAM the GPU shares it; with more, who knows.
 */
export function mostMemoryBytes(deviceMemoryGb: number | undefined): number {
  if (deviceMemoryGb === undefined || deviceMemoryGb >= 8) return MOST_MEMORY_BYTES;
  return 1.5 * deviceMemoryGb * 2 ** 30;
}
