import { ModelError } from "../errors.ts";
import type { ModelFolder, TensorInfo } from "../store/model-folder.ts";
import type { LlamaConfig } from "./config.ts";

/** A tensor a model cannot do without. */
export interface RequiredTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** The tensors that make up a model, by their Hugging Face names, in the order of the forward pass. */
export function requiredTensors(config: LlamaConfig): RequiredTensor[] {
  const { hiddenSize, vocabSize, layerCount, tiedEmbeddings } = config;
  const layers = Array.from({ length: layerCount }, (_, i) => layerTensors(config, `model.layers.${i}.`));
  return [
    { name: "model.embed_tokens.weight", shape: [vocabSize, hiddenSize] },
    ...layers.flat(),
    { name: "model.norm.weight", shape: [hiddenSize] },
    ...(tiedEmbeddings ? [] : [{ name: "lm_head.weight", shape: [vocabSize, hiddenSize] }]),
  ];
}

function layerTensors(config: LlamaConfig, prefix: string): RequiredTensor[] {
  const { hiddenSize, intermediateSize, headCount, kvHeadCount, headDim } = config;
  const queryDim = headCount * headDim;
  const kvDim = kvHeadCount * headDim;
  const linear = (name: string, outputs: number, inputs: number, bias: boolean): RequiredTensor[] => [
    { name: `${prefix}${name}.weight`, shape: [outputs, inputs] },
    ...(bias ? [{ name: `${prefix}${name}.bias`, shape: [outputs] }] : []),
  ];
  return [
    { name: `${prefix}input_layernorm.weight`, shape: [hiddenSize] },
    ...linear("self_attn.q_proj", queryDim, hiddenSize, config.qkvBias),
    ...linear("self_attn.k_proj", kvDim, hiddenSize, config.qkvBias),
    ...linear("self_attn.v_proj", kvDim, hiddenSize, config.qkvBias),
    ...linear("self_attn.o_proj", hiddenSize, queryDim, config.outputBias),
    { name: `${prefix}post_attention_layernorm.weight`, shape: [hiddenSize] },
    ...linear("mlp.gate_proj", intermediateSize, hiddenSize, config.mlpBias),
    ...linear("mlp.up_proj", intermediateSize, hiddenSize, config.mlpBias),
    ...linear("mlp.down_proj", hiddenSize, intermediateSize, config.mlpBias),
  ];
}

/** Projections that are multiplied as one matrix, and so must be of one type. */
const STACKED = [
  ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
  ["mlp.gate_proj", "mlp.up_proj"],
] as const;

/** Bytes the model takes on the GPU: matrices as they are stored, vectors in f32. */
export function weightBytes(config: LlamaConfig, tensors: ReadonlyMap<string, TensorInfo>): number {
  return requiredTensors(config).reduce((sum, { name, shape }) => {
    const { start, end } = tensors.get(name)!;
    return sum + (shape.length === 1 ? 4 * shape[0]! : end - start);
  }, 0);
}

/** Raises a ModelError unless the folder holds every tensor of the model, in the right shape and a usable type. */
export function checkTensors(
  config: LlamaConfig,
  folder: Pick<ModelFolder, "tensors" | "otherTensors">,
): void {
  for (const { name, shape } of requiredTensors(config)) {
    const otherType = folder.otherTensors.get(name);
    if (otherType !== undefined) {
      throw new ModelError(
        `The tensor ${name} is of type ${otherType}; Quire reads F32, F16 and BF16. ` +
          "Choose the model's unquantized repository.",
      );
    }
    const tensor = folder.tensors.get(name);
    if (!tensor) throw new ModelError(missing(name));
    if (tensor.shape.join() === shape.join()) continue;
    throw new ModelError(
      `${tensor.file}: the tensor ${name} should have the shape [${shape.join(", ")}] after config.json; ` +
        `it has [${tensor.shape.join(", ")}]. config.json and weights seem to be of different models.`,
    );
  }
  checkStacked(config.layerCount, folder.tensors);
}

function checkStacked(layerCount: number, tensors: ReadonlyMap<string, TensorInfo>): void {
  for (let layer = 0; layer < layerCount; layer++) {
    for (const projections of STACKED) {
      const [first, ...others] = projections.map(
        (name) => tensors.get(`model.layers.${layer}.${name}.weight`)!,
      );
      const odd = others.find(({ type }) => type !== first!.type);
      if (!odd) continue;
      throw new ModelError(
        `The tensors ${first!.name} and ${odd.name} should be of one type, since they are multiplied at once; ` +
          `they are ${first!.type} and ${odd.type}. Convert the model's weights to a single type.`,
      );
    }
  }
}

function missing(name: string): string {
  const remedy =
    name === "lm_head.weight"
      ? "config.json says that the head is not the embedding (tie_word_embeddings is not true)."
      : "The folder may be incomplete: fetch all of its files again.";
  return `The weights lack the tensor ${name}. ${remedy}`;
}
