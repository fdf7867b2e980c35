import shader from "../../shaders/attention_paged.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";

export interface Attention {
  readonly headCount: number;
  readonly kvHeadCount: number;
  readonly headDim: number;
  /** Tokens in a KV block. */
  readonly blockSize: number;
  readonly kvType: "f32" | "f16";
  /** Factor on every score; headDim ** -0.5 as a rule. */
  readonly scale: number;
  /** `[tokens][headCount][headDim]` f32, rotated. */
  readonly query: GPUBuffer;
  /** `[blocks][blockSize][kvHeadCount][headDim]`; holds this step's tokens already. */
  readonly keys: GPUBuffer;
  readonly values: GPUBuffer;
  /** `[tokens][headCount][headDim]` f32, written. */
  readonly output: GPUBuffer;
}

/** Causal attention of the step's tokens over the paged cache (Vaswani et al., 2017; Kwon et al., 2023). */
export function attention(context: KernelContext, op: Attention): StepDispatch {
  const f16 = op.kvType === "f16";
  return resolve(
    context,
    {
      name: "attention_paged",
      sources: [stepShader, shader],
      constants: {
        HEADS: op.headCount,
        KV_HEADS: op.kvHeadCount,
        HEAD_DIM: op.headDim,
        BLOCK_SIZE: op.blockSize,
        SCALE: op.scale,
        WORKGROUP: context.software ? 16 : 64,
        KV_F16: f16 ? 1 : 0,
        KV_WORDS: f16 ? 2 : 4,
        KvQuad: f16 ? "vec2u" : "vec4f",
      },
      bindings: ["read", "read", "read", "write"],
    },
    [op.query, op.keys, op.values, op.output],
    ({ tokenCount }) => [tokenCount, op.headCount],
  );
}
