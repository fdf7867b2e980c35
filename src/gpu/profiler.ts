import type { CommandList } from "./command-list.ts";
import { StagingRing } from "./staging.ts";

/** When a dispatch ran, in milliseconds from the beginning of the first one of its step. */
export interface KernelTime {
  readonly name: string;
  readonly startMs: number;
  readonly durationMs: number;
}

/** Queries a set may hold, by the WebGPU specification. */
const MAX_QUERIES = 4096;

/** Times the dispatches of steps one by one; needs the device's "timestamp-query". */
export class Profiler {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: StagingRing;
  /** Dispatches that can be timed; those of a step beyond that run untimed. */
  readonly #capacity: number;

  constructor(device: GPUDevice, dispatchCount: number) {
    const count = Math.min(MAX_QUERIES, 2 * dispatchCount);
    this.#capacity = count / 2;
    this.#queries = device.createQuerySet({ label: "profile", type: "timestamp", count });
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    this.#resolved = device.createBuffer({ label: "profile", size: 8 * count, usage });
    this.#staging = new StagingRing(device, 8 * count);
  }

  /** Encodes a step, a pass per dispatch; what it returns reads the times once the step is submitted. */
  encode<Shape>(
    encoder: GPUCommandEncoder,
    list: CommandList<Shape>,
    shape: Shape,
    stepGroup: GPUBindGroup,
  ): () => Promise<KernelTime[]> {
    const names: string[] = [];
    list.encodeApart((name) => {
      const pass = encoder.beginComputePass({ label: name, ...this.#timestampWrites(names.length) });
      pass.setBindGroup(0, stepGroup);
      names.push(name);
      return pass;
    }, shape);
    const count = Math.min(names.length, this.#capacity);
    if (count === 0) return async () => [];
    encoder.resolveQuerySet(this.#queries, 0, 2 * count, this.#resolved, 0);
    const staging = this.#staging.copy(encoder, this.#resolved, 16 * count);
    return () => this.#staging.read(staging, 16 * count, (words) => kernelTimes(names, words, count));
  }

  dispose(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
    this.#staging.dispose();
  }

  #timestampWrites(index: number): Pick<GPUComputePassDescriptor, "timestampWrites"> {
    if (index >= this.#capacity) return {};
    return {
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: 2 * index,
        endOfPassWriteIndex: 2 * index + 1,
      },
    };
  }
}

/** From pairs of timestamps in nanoseconds. */
function kernelTimes(names: readonly string[], words: Uint32Array, count: number): KernelTime[] {
  const stamps = new BigUint64Array(words.buffer, words.byteOffset, 2 * count);
  return names.slice(0, count).map((name, i) => ({
    name,
    startMs: Number(stamps[2 * i]! - stamps[0]!) / 1e6,
    durationMs: Number(stamps[2 * i + 1]! - stamps[2 * i]!) / 1e6,
  }));
}
