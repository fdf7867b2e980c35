import shader from "../../shaders/rope_kv_write.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";

/** Positions a fine step of the rotation table covers; see `rotationTable`. */
const FINE_STEPS = 1024;

export interface RopeKvWrite {
  readonly headCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly kvType: "f32" | "f16";
  /** `[tokens][(headCount + 2 * kvHeadCount) * headDim]`. */
  readonly qkv: GPUBuffer;
  /** From `rotationTable`. */
  readonly rotations: GPUBuffer;
  /** `[tokens][headCount][headDim]`, written. */
  readonly query: GPUBuffer;
  /** `[blocks][blockSize][kvHeadCount][headDim]`, written at the step's slots. */
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
}

/** Rotates queries and keys by position and writes keys and values to the paged cache. */
export function ropeKvWrite(context: KernelContext, op: RopeKvWrite): StepDispatch {
  return resolve(
    context,
    {
      name: "rope_kv_write",
      sources: [stepShader, shader],
      constants: {
        HEADS: op.headCount,
        KV_HEADS: op.kvHeadCount,
        HEAD_DIM: op.headDim,
        FINE_STEPS,
        WORKGROUP: context.software ? 32 : 128,
        KV_F16: op.kvType === "f16" ? 1 : 0,
        KvWord: op.kvType === "f16" ? "u32" : "f32",
      },
      bindings: ["read", "read", "write", "write", "write"],
    },
    [op.qkv, op.rotations, op.query, op.keys, op.values],
    ({ tokenCount }) => [tokenCount],
  );
}

/**
 * Cosines and sines for every position below `contextLen`, as two tables to be multiplied: `[FINE_STEPS]` single
 * positions, then every FINE_STEPS-th. A row holds (cos, sin) of each of the frequencies, in radians per position.
 */
export function rotationTable(frequencies: readonly number[], contextLen: number): Float32Array<ArrayBuffer> {
  const coarseSteps = Math.ceil(contextLen / FINE_STEPS);
  const table = new Float32Array((FINE_STEPS + coarseSteps) * frequencies.length * 2);
  let at = 0;
  for (let row = 0; row < FINE_STEPS + coarseSteps; row++) {
    const position = row < FINE_STEPS ? row : (row - FINE_STEPS) * FINE_STEPS;
    for (const frequency of frequencies) {
      table[at++] = Math.cos(position * frequency);
      table[at++] = Math.sin(position * frequency);
    }
  }
  return table;
}
