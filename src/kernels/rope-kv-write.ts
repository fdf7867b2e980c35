import shader from "../../shaders/rope_kv_write.wgsl?raw";
import int8Shader from "../../shaders/rope_kv_write_int8.wgsl?raw";
import plainShader from "../../shaders/rope_kv_write_plain.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import type { KvType } from "./attention-layout.ts";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";

/** Positions a fine step of the rotation table covers; see `rotationTable`. */
const FINE_STEPS = 1024;

export interface RopeKvWrite {
  readonly headCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly kvType: KvType;
  /** `[tokens][(headCount + 2 * kvHeadCount) * headDim]`. */
  readonly qkv: GPUBuffer;
  /** From `rotationTable`. */
  readonly rotations: GPUBuffer;
  /** `[tokens][headCount][headDim]`, written. */
  readonly query: GPUBuffer;
  /** `[blocks][blockSize][kvHeadCount][headDim]`, written at the step's slots. */
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  /** `[blocks][blockSize][kvHeadCount]` of a key's and a value's scale, written with int8. */
  readonly scales?: GPUBuffer | undefined;
}

/** Rotates queries and keys by position and writes keys and values to the paged cache. */
export function ropeKvWrite(context: KernelContext, op: RopeKvWrite): StepDispatch {
  const scales = op.scales ? [op.scales] : [];
  return resolve(
    context,
    {
      name: "rope_kv_write",
      sources: op.scales ? [stepShader, shader, int8Shader] : [stepShader, shader, plainShader],
      constants: {
        HEADS: op.headCount,
        KV_HEADS: op.kvHeadCount,
        HEAD_DIM: op.headDim,
        FINE_STEPS,
        WORKGROUP: context.software ? 32 : 128,
        KV_F16: op.kvType === "f16" ? 1 : 0,
        KvWord: op.kvType === "f32" ? "f32" : "u32",
      },
      bindings: ["read", "read", "write", "write", "write", ...scales.map(() => "write" as const)],
    },
    [op.qkv, op.rotations, op.query, op.keys, op.values, ...scales],
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
