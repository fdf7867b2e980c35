import embedShader from "../../shaders/embed.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import weightsShader from "../../shaders/weights.wgsl?raw";
import weightsNarrow from "../../shaders/weights_narrow.wgsl?raw";
import { FORMAT_CODES, type Matrix } from "./matrix.ts";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";

export interface EmbedBuffers {
  /** `[slots]` u32, the token last sampled for each slot. */
  readonly lastSampled: GPUBuffer;
  /** `[tokens][hiddenSize]` f32, written. */
  readonly hidden: GPUBuffer;
}

/** Rows of the embedding table for the step's tokens: one dispatch per part of the table. */
export function embed(context: KernelContext, table: Matrix, buffers: EmbedBuffers): StepDispatch[] {
  return table.parts.map((part) =>
    resolve(
      context,
      {
        name: "embed",
        sources: [stepShader, weightsShader, weightsNarrow, embedShader],
        constants: {
          INPUTS: table.inputCount,
          FIRST_ROW: part.firstOutput,
          ROW_COUNT: part.outputCount,
          FORMAT: FORMAT_CODES[table.format],
          WORKGROUP: 64,
        },
        bindings: ["read", "read", "write"],
      },
      [part.buffer, buffers.lastSampled, buffers.hidden],
      ({ tokenCount }) => [tokenCount],
    ),
  );
}
