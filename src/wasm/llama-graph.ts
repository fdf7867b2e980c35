import type { LlamaConfig } from "../model/config.ts";
import { GraphBuilder, type Linear, type Stage, type WeightForm } from "./graph-builder.ts";
import { CONTRIB, type OnnxGraph } from "./onnx-writer.ts";

export const EMBEDDING = "model.embed_tokens.weight";

/** Elements of a row of queries, keys and values, in this order. */
export function qkvSize({ headCount, kvHeadCount, headDim }: LlamaConfig): number {
  return (headCount + 2 * kvHeadCount) * headDim;
}

/**
 * The model as graphs, with a cut at every attention, so that the rows of all sequences share the products
 * while each sequence attends to a KV cache of its own. Stage 0 leads from embeddings to the first layer's
 * queries, keys and values; stage i from layer i - 1's attention to the next layer's; the last one to the final
 * hidden state. Inputs: `attended` (but for stage 0), `hidden`. Outputs: `next` (likewise), `qkv` (but for the
 * last).
 */
export function layerStages(config: LlamaConfig, form: WeightForm): Stage[] {
  return Array.from({ length: config.layerCount + 1 }, (_, i) => layerStage(config, form, i));
}

function layerStage(config: LlamaConfig, form: WeightForm, next: number): Stage {
  const { hiddenSize, layerCount } = config;
  const builder = new GraphBuilder(form);
  const attended = next > 0 && builder.input("attended", config.headCount * config.headDim);
  let hidden = builder.input("hidden", hiddenSize);
  if (attended) {
    hidden = afterAttention(builder, config, `model.layers.${next - 1}.`, attended, hidden);
    builder.output(hidden, hiddenSize);
  }
  if (next < layerCount) {
    const prefix = `model.layers.${next}.`;
    const normed = builder.norm(hidden, `${prefix}input_layernorm.weight`, hiddenSize, config.normEpsilon);
    const projections = named(`${prefix}self_attn.`, ["q", "k", "v"], config.qkvBias);
    builder.linear(normed, { ...projections, rowCount: qkvSize(config), rowSize: hiddenSize }, "qkv");
    builder.output("qkv", qkvSize(config));
  }
  return builder.stage;
}

/** The rest of a layer once its attention is there: projection, MLP, and the residual stream around both. */
function afterAttention(
  builder: GraphBuilder,
  config: LlamaConfig,
  prefix: string,
  attended: string,
  hidden: string,
): string {
  const { hiddenSize, headCount, headDim, intermediateSize, normEpsilon } = config;
  const projection = named(`${prefix}self_attn.`, ["o"], config.outputBias);
  const projected = builder.linear(attended, {
    ...projection,
    rowCount: hiddenSize,
    rowSize: headCount * headDim,
  });
  const sum = builder.node("Add", [projected, hidden]);
  const normed = builder.norm(sum, `${prefix}post_attention_layernorm.weight`, hiddenSize, normEpsilon);
  const mlp = (name: string) => named(`${prefix}mlp.`, [name], config.mlpBias);
  const wide = { rowCount: intermediateSize, rowSize: hiddenSize };
  const [gate, up] = builder.linears(normed, [
    { ...mlp("gate"), ...wide },
    { ...mlp("up"), ...wide },
  ]);
  const active = builder.node("QuickGelu", [gate!], { domain: CONTRIB, floats: { alpha: 1 } }); // SiLU
  const down = { ...mlp("down"), rowCount: hiddenSize, rowSize: intermediateSize };
  return builder.node("Add", [builder.linear(builder.node("Mul", [active, up!]), down), sum], {
    output: "next",
  });
}

/** From final hidden states to `logits`. */
export function headStage(config: LlamaConfig, form: WeightForm): Stage {
  const { hiddenSize, vocabSize, normEpsilon, tiedEmbeddings } = config;
  const builder = new GraphBuilder(form);
  const hidden = builder.input("hidden", hiddenSize);
  const normed = builder.norm(hidden, "model.norm.weight", hiddenSize, normEpsilon);
  const tensors = [tiedEmbeddings ? EMBEDDING : "lm_head.weight"];
  builder.linear(normed, { tensors, biases: undefined, rowCount: vocabSize, rowSize: hiddenSize }, "logits");
  builder.output("logits", vocabSize);
  return builder.stage;
}

/**
 * Attention of one row, whose queries and keys are rotated already, over its sequence's cache, which is
 * `[1][kvHeadCount][capacity][headDim]` and written in place: softmax(Q K / sqrt(headDim)) V.
 */
export function attentionGraph(config: LlamaConfig): OnnxGraph {
  const { headCount, kvHeadCount, headDim, window } = config;
  const past = [1, kvHeadCount, "capacity", headDim] as const;
  return {
    inputs: [
      { name: "qkv", type: "f32", shape: [1, 1, qkvSize(config)] },
      { name: "pastKeys", type: "f32", shape: past },
      { name: "pastValues", type: "f32", shape: past },
      { name: "position", type: "i32", shape: [1] },
      { name: "length", type: "i32", shape: [1] },
    ],
    outputs: [
      { name: "attended", type: "f32", shape: [1, 1, headCount * headDim] },
      { name: "keys", type: "f32", shape: past },
      { name: "values", type: "f32", shape: past },
    ],
    constants: [],
    nodes: [
      {
        op: "GroupQueryAttention",
        domain: CONTRIB,
        inputs: ["qkv", "", "", "pastKeys", "pastValues", "position", "length"],
        outputs: ["attended", "keys", "values"],
        integers: {
          num_heads: headCount,
          kv_num_heads: kvHeadCount,
          ...(window === undefined ? {} : { local_window_size: window }),
        },
      },
    ],
  };
}

/** The weights and biases of projections side by side. */
function named(prefix: string, names: readonly string[], bias: boolean): Pick<Linear, "tensors" | "biases"> {
  const tensors = (suffix: string) => names.map((name) => `${prefix}${name}_proj.${suffix}`);
  return { tensors: tensors("weight"), biases: bias ? tensors("bias") : undefined };
}
