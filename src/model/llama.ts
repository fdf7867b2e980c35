import { embed } from "../kernels/embed.ts";
import { linear } from "../kernels/linear.ts";
import { attention } from "../kernels/paged-attention.ts";
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
  const heads = { headCount: config.headCount, kvHeadCount: config.kvHeadCount, headDim: config.headDim };
  const queryDim = config.headCount * config.headDim;
  const qkvDim = queryDim + 2 * config.kvHeadCount * config.headDim;
  const { kvType, blockSize } = model.kvPlan;
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
    ropeKvWrite(context, { ...heads, ...cache, kvType, qkv, query, rotations: model.rotations }),
    attention(context, {
      ...heads,
      ...cache,
      blockSize,
      kvType,
      scale: config.headDim ** -0.5,
      query,
      output: attended,
    }),
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
