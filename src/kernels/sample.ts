import markShader from "../../shaders/history_mark.wgsl?raw";
import finalShader from "../../shaders/sample_final.wgsl?raw";
import partialShader from "../../shaders/sample_partial.wgsl?raw";
import samplingShader from "../../shaders/sampling.wgsl?raw";
import stepShader from "../../shaders/step.wgsl?raw";
import { type KernelContext, resolve, type StepDispatch } from "./recorder.ts";

/** Words of one sample row in the step's metadata: `struct Sample` in shaders/sampling.wgsl. */
export const SAMPLE_WORDS = 12;

/** Logits a workgroup of the first stage looks at. */
const CHUNK = 4096;

export interface SampleBuffers {
  readonly vocabSize: number;
  /** `[samples][vocabSize]` f32. */
  readonly logits: GPUBuffer;
  /** `[slots][vocabSize]` u32: stamp, whether in the prompt, times generated. */
  readonly history: GPUBuffer;
  /** `[samples][partialWords(vocabSize)]`, scratch. */
  readonly partials: GPUBuffer;
  /** `[slots]` u32, written. */
  readonly lastSampled: GPUBuffer;
  /** `[samples]` of (token, bits of its f32 log-probability), written. */
  readonly results: GPUBuffer;
}

/** Words the first stage leaves per sample row. */
export function partialWords(vocabSize: number): number {
  return 5 * Math.ceil(vocabSize / CHUNK);
}

/** Notes tokens in the slots' histories before the step samples. */
export function markHistory(context: KernelContext, { vocabSize, history }: SampleBuffers): StepDispatch {
  const workgroup = 64;
  return resolve(
    context,
    {
      name: "history_mark",
      sources: [stepShader, markShader],
      constants: { VOCAB: vocabSize, WORKGROUP: workgroup },
      bindings: ["write"],
    },
    [history],
    ({ markCount }) => [Math.ceil(markCount / workgroup)],
  );
}

/** Chooses a token for every sample row of the step: two launches, over chunks and over rows. */
export function sample(context: KernelContext, buffers: SampleBuffers): StepDispatch[] {
  const { vocabSize: VOCAB, logits, history, partials, lastSampled, results } = buffers;
  const CHUNKS = Math.ceil(VOCAB / CHUNK);
  const constants = { VOCAB, CHUNK, CHUNKS, WORKGROUP: context.software ? 32 : 256 };
  return [
    resolve(
      context,
      {
        name: "sample_partial",
        sources: [stepShader, samplingShader, partialShader],
        constants,
        bindings: ["read", "read", "write"],
      },
      [logits, history, partials],
      ({ sampleCount }) => [sampleCount === 0 ? 0 : CHUNKS, sampleCount],
    ),
    resolve(
      context,
      {
        name: "sample_final",
        sources: [stepShader, samplingShader, finalShader],
        constants,
        bindings: ["read", "write", "read", "write", "write"],
      },
      [logits, history, partials, lastSampled, results],
      ({ sampleCount }) => [sampleCount],
    ),
  ];
}
