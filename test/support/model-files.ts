import type { WeightFormat } from "../../src/kernels/matrix.ts";
import { parseLlamaConfig } from "../../src/model/config.ts";
import { requiredTensors } from "../../src/model/tensors.ts";
import { encodeWeights } from "../reference/linear.ts";
import type { Bytes } from "./memory-source.ts";
import { Random } from "./random.ts";
import { encodeSafetensors, type FileTensor } from "./safetensors.ts";
import { TINY_VOCAB_SIZE, tinyTokenizer, tinyTokenizerConfig } from "./tiny-tokenizer.ts";

/** A Llama small enough for any test, with nothing in it of size 1. */
export const TINY_CONFIG = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: TINY_VOCAB_SIZE,
  max_position_embeddings: 256,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  hidden_act: "silu",
  tie_word_embeddings: false,
  bos_token_id: 256,
  eos_token_id: 257,
} as const;

export interface TinyModelOptions {
  /** Fields of `config.json` that differ from `TINY_CONFIG`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** How the weights stand in the file. */
  readonly format?: WeightFormat;
  readonly seed?: number;
  /** More than one: shards and an index in place of `model.safetensors`. */
  readonly shardCount?: number;
}

/**
 * A sound model folder: seeded random weights, a byte-level tokenizer, a chat template. The map is the
 * caller's to break.
 */
export function tinyModelFiles(options: TinyModelOptions = {}): Map<string, Bytes> {
  const config = { ...TINY_CONFIG, ...options.config };
  return new Map([
    ["config.json", jsonFile(config)],
    ["generation_config.json", jsonFile({ bos_token_id: 256, eos_token_id: [257], do_sample: false })],
    ["tokenizer.json", jsonFile(tinyTokenizer())],
    ["tokenizer_config.json", jsonFile(tinyTokenizerConfig())],
    ...weightFiles(tinyTensors(config, options), options.shardCount ?? 1),
  ]);
}

/** The weights of a model of that `config.json`: a trained model's sizes, so that no activation runs away. */
export function tinyTensors(
  config: unknown,
  { format = "f32", seed = 1 }: TinyModelOptions = {},
): FileTensor[] {
  const random = new Random(seed);
  return requiredTensors(parseLlamaConfig(config)).map(({ name, shape }) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const values = name.endsWith("norm.weight")
      ? random.normals(length, 0.1).map((value) => 1 + value)
      : random.normals(length, name.endsWith(".bias") ? 0.1 : shape.at(-1)! ** -0.5);
    const { words } = encodeWeights(values, format);
    const bytes = new Uint8Array(words.buffer as ArrayBuffer);
    return { name, dtype: format.toUpperCase(), shape, bytes };
  });
}

/** `model.safetensors`, or shards with an index, the tensors dealt out in turn. */
export function weightFiles(tensors: readonly FileTensor[], shardCount: number): [string, Bytes][] {
  if (shardCount === 1) return [["model.safetensors", encodeSafetensors(tensors)]];
  const shardOf = (i: number) => `model-${(i % shardCount) + 1}-of-${shardCount}.safetensors`;
  const shards = Array.from({ length: shardCount }, (_, shard): [string, Bytes] => [
    shardOf(shard),
    encodeSafetensors(tensors.filter((_, i) => i % shardCount === shard)),
  ]);
  const weightMap = Object.fromEntries(tensors.map(({ name }, i) => [name, shardOf(i)]));
  return [...shards, ["model.safetensors.index.json", jsonFile({ metadata: {}, weight_map: weightMap })]];
}

export function jsonFile(value: unknown): Bytes {
  return new TextEncoder().encode(JSON.stringify(value));
}
