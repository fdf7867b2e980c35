import { type AttentionForm, attention } from "../kernels/attention.ts";
import type { AttentionSetup } from "../kernels/attention-plan.ts";
import { embed } from "../kernels/embed.ts";
import { linear } from "../kernels/linear.ts";
import type { KernelContext, StepDispatch } from "../kernels/recorder.ts";
import { ropeKvWrite } from "../kernels/rope-kv-write.ts";
import { markHistory, sample } from "../kernels/sample.ts";
import type { Activations } from "./activations.ts";
import type { LlamaConfig } from "./config.ts";
import type { KvPlan, LayerCache } from "./kv-cache.ts";
import type { LayerWeights, LlamaWeights } from "./weights.ts";

/** A model with everything a step of it touches. */
export interface Llama {
  readonly config: LlamaConfig;
  readonly weights: LlamaWeights;
  readonly kvPlan: KvPlan;
  readonly cache: readonly LayerCache[];
  /** From `rotationTable`. */
  readonly rotations: GPUBuffer;
  readonly activations: Activations;
  readonly attention: AttentionSetup;
  /** Scratch of attention that is cut along its keys. */
  readonly partials: GPUBuffer;
}

/** What attention computes in every layer of a model. */
export function attentionForm(config: LlamaConfig, { kvType, blockSize }: KvPlan): AttentionForm {
  const { headCount, kvHeadCount, headDim, window } = config;
  return { headCount, kvHeadCount, headDim, kvType, blockSize, window, scale: headDim ** -0.5 };
}

/** The forward pass of a step of at most `tokenLimit` tokens, from ids to sampled ids, in order. */
export function llamaStep(context: KernelContext, model: Llama, tokenLimit: number): StepDispatch[] {
  const { config, weights, activations } = model;
  const { hidden, logits, history, lastSampled, results, samplePartials: partials } = activations;
  const sampling = { vocabSize: config.vocabSize, logits, history, partials, lastSampled, results };
  const head = {
    matrix: weights.head,
    norm: { gains: weights.finalNorm, epsilon: config.normEpsilon },
    input: hidden,
    output: logits,
    outputStride: config.vocabSize,
    sampledRows: true,
  };
  return [
    markHistory(context, sampling),
    ...embed(context, weights.embedding, { lastSampled, hidden }),
    ...weights.layers.flatMap((layer, i) => layerStep(context, model, layer, model.cache[i]!, tokenLimit)),
    ...linear(context, head, tokenLimit),
    ...sample(context, sampling),
  ];
}

function layerStep(
  context: KernelContext,
  model: Llama,
  layer: LayerWeights,
  cache: LayerCache,
  tokenLimit: number,
): StepDispatch[] {
  const { config, activations } = model;
  const { hiddenSize, intermediateSize, normEpsilon: epsilon } = config;
  const { hidden, qkv, query, attended, mlp } = activations;
  const form = attentionForm(config, model.kvPlan);
  const queryDim = config.headCount * config.headDim;
  const qkvDim = queryDim + 2 * config.kvHeadCount * config.headDim;
  const product = (op: Parameters<typeof linear>[1]) => linear(context, op, tokenLimit);
  const residual = { output: hidden, outputStride: hiddenSize, accumulate: true };
  return [
    ...product({
      matrix: layer.qkv,
      norm: { gains: layer.attentionNorm, epsilon },
      bias: layer.qkvBias,
      input: hidden,
      output: qkv,
      outputStride: qkvDim,
    }),
    ropeKvWrite(context, { ...form, ...cache, qkv, query, rotations: model.rotations }),
    ...attention(
      context,
      { ...form, ...cache, query, output: attended, partials: model.partials },
      model.attention,
    ),
    ...product({ matrix: layer.output, bias: layer.outputBias, input: attended, ...residual }),
    ...product({
      matrix: layer.gateUp,
      norm: { gains: layer.mlpNorm, epsilon },
      bias: layer.gateUpBias,
      swiglu: true,
      input: hidden,
      output: mlp,
      outputStride: intermediateSize,
    }),
    ...product({ matrix: layer.down, bias: layer.downBias, input: mlp, ...residual }),
  ];
}
