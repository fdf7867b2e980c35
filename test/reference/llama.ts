import type { LlamaConfig } from "../../src/model/config.ts";
import { rotate } from "./rope.ts";
import { ropeFrequenciesReference } from "./rope-frequencies.ts";

/** A model's configuration, and its tensors in f64 by their Hugging Face names. */
export interface LlamaModel {
  readonly config: LlamaConfig;
  readonly tensors: ReadonlyMap<string, Float64Array>;
}

/** Keys and values of one layer, `[position][kvHeadCount * headDim]`. */
interface LayerCache {
  readonly keys: Float64Array[];
  readonly values: Float64Array[];
}

/**
 * The Llama forward pass, token by token in f64, written to be read beside the papers: RMSNorm (Zhang and
 * Sennrich, 2019), RoPE (Su et al., 2021), grouped queries (Ainslie et al., 2023), SwiGLU (Shazeer, 2020).
 */
export class LlamaReference {
  readonly #config: LlamaConfig;
  readonly #tensors: ReadonlyMap<string, Float64Array>;
  readonly #frequencies: readonly number[];
  readonly #cache: readonly LayerCache[];

  constructor({ config, tensors }: LlamaModel) {
    this.#config = config;
    this.#tensors = tensors;
    this.#frequencies = ropeFrequenciesReference(config);
    this.#cache = Array.from({ length: config.layerCount }, () => ({ keys: [], values: [] }));
  }

  /** Tokens taken so far. */
  get length(): number {
    return this.#cache[0]!.keys.length;
  }

  /** Takes the next token of the sequence; the logits of the one after it, `[vocabSize]`. */
  next(token: number): Float64Array {
    const { hiddenSize, layerCount, tiedEmbeddings } = this.#config;
    const embedding = this.#tensor("model.embed_tokens.weight");
    let hidden: Float64Array = embedding.slice(token * hiddenSize, (token + 1) * hiddenSize);
    for (let layer = 0; layer < layerCount; layer++) {
      hidden = add(hidden, this.#attention(layer, hidden));
      hidden = add(hidden, this.#mlp(layer, hidden));
    }
    const head = tiedEmbeddings ? embedding : this.#tensor("lm_head.weight");
    return multiply(head, this.#norm("model.norm", hidden));
  }

  /** Takes the tokens of a prompt; the logits after the last. */
  prefill(tokens: readonly number[]): Float64Array {
    return tokens.map((token) => this.next(token)).at(-1)!;
  }

  #attention(layer: number, hidden: Float64Array): Float64Array {
    const { headCount, kvHeadCount, headDim, window = Number.POSITIVE_INFINITY } = this.#config;
    const name = `model.layers.${layer}`;
    const x = this.#norm(`${name}.input_layernorm`, hidden);
    const { keys, values } = this.#cache[layer]!;
    const position = keys.length;
    keys.push(this.#rotateHeads(this.#linear(`${name}.self_attn.k_proj`, x), position));
    values.push(this.#linear(`${name}.self_attn.v_proj`, x));
    const queries = this.#rotateHeads(this.#linear(`${name}.self_attn.q_proj`, x), position);
    const attended = new Float64Array(headCount * headDim);
    for (let head = 0; head < headCount; head++) {
      const query = headOf(queries, head, headDim);
      const kvHead = Math.floor(head / (headCount / kvHeadCount));
      const scores = keys.map((key, past) =>
        position - past < window ? dot(query, headOf(key, kvHead, headDim)) / Math.sqrt(headDim) : -Infinity,
      );
      for (const [past, weight] of softmax(scores).entries()) {
        const value = headOf(values[past]!, kvHead, headDim);
        for (let i = 0; i < headDim; i++) attended[head * headDim + i]! += weight * value[i]!;
      }
    }
    return this.#linear(`${name}.self_attn.o_proj`, attended);
  }

  #mlp(layer: number, hidden: Float64Array): Float64Array {
    const name = `model.layers.${layer}`;
    const x = this.#norm(`${name}.post_attention_layernorm`, hidden);
    const gate = this.#linear(`${name}.mlp.gate_proj`, x);
    const up = this.#linear(`${name}.mlp.up_proj`, x);
    const gated = gate.map((value, i) => (value / (1 + Math.exp(-value))) * up[i]!);
    return this.#linear(`${name}.mlp.down_proj`, gated);
  }

  /** x / rms(x) · gains. */
  #norm(name: string, x: Float64Array): Float64Array {
    const gains = this.#tensor(`${name}.weight`);
    const rms = Math.sqrt(dot(x, x) / x.length + this.#config.normEpsilon);
    return x.map((value, i) => (value / rms) * gains[i]!);
  }

  /** W · x, plus the bias where the layer has one. */
  #linear(name: string, x: Float64Array): Float64Array {
    const product = multiply(this.#tensor(`${name}.weight`), x);
    const bias = this.#hasBias(name) ? this.#tensor(`${name}.bias`) : undefined;
    return bias ? add(product, bias) : product;
  }

  #hasBias(name: string): boolean {
    const { qkvBias, outputBias, mlpBias } = this.#config;
    if (name.includes(".mlp.")) return mlpBias;
    return name.endsWith("o_proj") ? outputBias : qkvBias;
  }

  #rotateHeads(heads: Float64Array, position: number): Float64Array {
    const { headDim } = this.#config;
    return Float64Array.from(
      Array.from({ length: heads.length / headDim }, (_, head) => [
        ...rotate(headOf(heads, head, headDim), position, this.#frequencies),
      ]).flat(),
    );
  }

  #tensor(name: string): Float64Array {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new Error(`no tensor ${name}`);
    return tensor;
  }
}

/** The tokens a model goes on with after `prompt`, each the likeliest; the smaller id where two are alike. */
export function greedyReference(model: LlamaModel, prompt: readonly number[], count: number): number[] {
  const llama = new LlamaReference(model);
  let logits = llama.prefill(prompt);
  return Array.from({ length: count }, (_, i) => {
    if (i > 0) logits = llama.next(argmax(logits));
    return argmax(logits);
  });
}

export function argmax(values: Float64Array): number {
  return values.reduce((best, value, i) => (value > values[best]! ? i : best), 0);
}

/** Rows of `matrix` (`[rows][x.length]`) by x. */
function multiply(matrix: Float64Array, x: Float64Array): Float64Array {
  const columns = x.length;
  return Float64Array.from({ length: matrix.length / columns }, (_, row) =>
    dot(matrix.subarray(row * columns, (row + 1) * columns), x),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]!);
}

function headOf(heads: Float64Array, head: number, headDim: number): Float64Array {
  return heads.subarray(head * headDim, (head + 1) * headDim);
}

function softmax(scores: readonly number[]): number[] {
  const peak = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - peak));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
