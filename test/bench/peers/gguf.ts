import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { type LlamaConfig, parseLlamaConfig } from "../../../src/model/config.ts";
import { byteLetters } from "../../../tools/random-tokenizer.ts";

const F32 = 0;
const Q8_0 = 8;
const ALIGNMENT = 32;
const BYTE_COUNT = 256;
/** Values of a q8_0 block, which share an f16 scale. */
const BLOCK = 32;
const BLOCK_BYTES = 2 + BLOCK;
/** 2^-12 in f16: products of such numbers stay small through all layers. */
const SCALE = 0x0c00;

interface GgufTensor {
  readonly name: string;
  /** Innermost first. */
  readonly dims: readonly number[];
  readonly type: typeof F32 | typeof Q8_0;
}

/** Makes a GGUF file of random q8_0 weights in the shape of a Llama `config.json`, unless it is there already. */
export async function randomGguf(path: string, shape: Readonly<Record<string, unknown>>): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  const config = parseLlamaConfig(shape);
  const tensors = tensorsOf(config);
  const file = await open(`${path}.part`, "w");
  try {
    const header = headerOf(config, tensors);
    await file.write(header);
    for (const tensor of tensors) await writeTensor(file, tensor);
  } finally {
    await file.close();
  }
  await rename(`${path}.part`, path);
}

/** The tensors of a Llama with a tied head, by llama.cpp's names. */
function tensorsOf(config: LlamaConfig): GgufTensor[] {
  const { hiddenSize, intermediateSize, vocabSize, headCount, kvHeadCount, headDim } = config;
  const matrix = (name: string, inputs: number, outputs: number): GgufTensor => ({
    name: `${name}.weight`,
    dims: [inputs, outputs],
    type: Q8_0,
  });
  const gains = (name: string): GgufTensor => ({ name: `${name}.weight`, dims: [hiddenSize], type: F32 });
  const layers = Array.from({ length: config.layerCount }, (_, i) => [
    gains(`blk.${i}.attn_norm`),
    matrix(`blk.${i}.attn_q`, hiddenSize, headCount * headDim),
    matrix(`blk.${i}.attn_k`, hiddenSize, kvHeadCount * headDim),
    matrix(`blk.${i}.attn_v`, hiddenSize, kvHeadCount * headDim),
    matrix(`blk.${i}.attn_output`, headCount * headDim, hiddenSize),
    gains(`blk.${i}.ffn_norm`),
    matrix(`blk.${i}.ffn_gate`, hiddenSize, intermediateSize),
    matrix(`blk.${i}.ffn_up`, hiddenSize, intermediateSize),
    matrix(`blk.${i}.ffn_down`, intermediateSize, hiddenSize),
  ]);
  return [matrix("token_embd", hiddenSize, vocabSize), ...layers.flat(), gains("output_norm")];
}

function headerOf(config: LlamaConfig, tensors: readonly GgufTensor[]): Uint8Array {
  const header = new GgufWriter();
  const metadata = metadataOf(config);
  header.text("GGUF", false).u32(3).u64(tensors.length).u64(metadata.length);
  for (const [key, write] of metadata) {
    header.text(key);
    write(header);
  }
  let offset = 0;
  for (const tensor of tensors) {
    header.text(tensor.name).u32(tensor.dims.length);
    for (const dim of tensor.dims) header.u64(dim);
    header.u32(tensor.type).u64(offset);
    offset += padded(sizeOf(tensor));
  }
  return header.padTo(ALIGNMENT);
}

type Metadata = readonly [key: string, write: (header: GgufWriter) => void];

function metadataOf(config: LlamaConfig): Metadata[] {
  const u32 = (value: number) => (header: GgufWriter) => header.u32(4).u32(value);
  const f32 = (value: number) => (header: GgufWriter) => header.u32(6).f32(value);
  const text = (value: string) => (header: GgufWriter) => header.u32(8).text(value);
  const { tokens, merges } = letterVocabulary(config.vocabSize);
  return [
    ["general.architecture", text("llama")],
    ["general.name", text("random")],
    ["llama.context_length", u32(config.contextLen)],
    ["llama.embedding_length", u32(config.hiddenSize)],
    ["llama.block_count", u32(config.layerCount)],
    ["llama.feed_forward_length", u32(config.intermediateSize)],
    ["llama.attention.head_count", u32(config.headCount)],
    ["llama.attention.head_count_kv", u32(config.kvHeadCount)],
    ["llama.attention.layer_norm_rms_epsilon", f32(config.normEpsilon)],
    ["llama.rope.dimension_count", u32(config.headDim)],
    ["llama.rope.freq_base", f32(config.ropeTheta)],
    ["llama.vocab_size", u32(config.vocabSize)],
    ["general.file_type", u32(7)],
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text("gpt-2")],
    ["tokenizer.ggml.tokens", (header) => header.texts(tokens)],
    ["tokenizer.ggml.token_type", (header) => header.integers(tokens.map(() => 1))],
    ["tokenizer.ggml.merges", (header) => header.texts(merges)],
    ["tokenizer.ggml.bos_token_id", u32(0)],
    ["tokenizer.ggml.eos_token_id", u32(0)],
    ["tokenizer.ggml.add_bos_token", (header) => header.u32(7).byte(0)],
  ];
}

/**
 * The bytes, then joins of letters: whatever is generated is text, because a model of random weights gives the
 * bytes' zero rows no chance.
 */
function letterVocabulary(vocabSize: number): { readonly tokens: string[]; readonly merges: string[] } {
  const letters = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const pairs = letters.flatMap((left) => letters.map((right) => [left, right] as const));
  const triples = pairs.flatMap(([a, b]) => letters.map((right) => [a + b, right] as const));
  const joins = [...pairs, ...triples].slice(0, vocabSize - BYTE_COUNT);
  if (joins.length < vocabSize - BYTE_COUNT)
    throw new Error(`no ${vocabSize} tokens of three letters at most`);
  return {
    tokens: [...byteLetters(), ...joins.map(([left, right]) => left + right)],
    merges: joins.map(([left, right]) => `${left} ${right}`),
  };
}

async function writeTensor(file: FileHandle, tensor: GgufTensor): Promise<void> {
  const bytes = new Uint8Array(padded(sizeOf(tensor)));
  if (tensor.type === F32) new Float32Array(bytes.buffer).fill(1, 0, tensor.dims[0]);
  else fillBlocks(bytes, sizeOf(tensor));
  if (tensor.name.startsWith("token_embd"))
    bytes.fill(0, 0, BYTE_COUNT * (tensor.dims[0]! / BLOCK) * BLOCK_BYTES);
  await file.write(bytes);
}

function fillBlocks(bytes: Uint8Array, length: number): void {
  let state = 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const place = at % BLOCK_BYTES;
    bytes[at] = place === 0 ? SCALE & 255 : place === 1 ? SCALE >> 8 : state >>> 24;
  }
}

function sizeOf({ dims, type }: GgufTensor): number {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return type === F32 ? 4 * count : (count / BLOCK) * BLOCK_BYTES;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Bytes in the order of a GGUF header. */
class GgufWriter {
  #bytes = new Uint8Array(2 ** 16);
  #length = 0;

  byte(value: number): this {
    return this.#append(Uint8Array.of(value));
  }

  u32(value: number): this {
    return this.#append(new Uint8Array(Uint32Array.of(value).buffer));
  }

  f32(value: number): this {
    return this.#append(new Uint8Array(Float32Array.of(value).buffer));
  }

  u64(value: number): this {
    return this.#append(new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  text(value: string, withLength = true): this {
    const bytes = new TextEncoder().encode(value);
    if (withLength) this.u64(bytes.length);
    return this.#append(bytes);
  }

  /** A value that is an array of strings. */
  texts(values: readonly string[]): this {
    this.u32(9).u32(8).u64(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  /** A value that is an array of i32. */
  integers(values: readonly number[]): this {
    this.u32(9).u32(5).u64(values.length);
    return this.#append(new Uint8Array(Int32Array.from(values).buffer));
  }

  padTo(alignment: number): Uint8Array {
    return this.#bytes.slice(0, Math.ceil(this.#length / alignment) * alignment);
  }

  #append(bytes: Uint8Array): this {
    if (this.#length + bytes.length + ALIGNMENT > this.#bytes.length) {
      const larger = new Uint8Array(2 * (this.#bytes.length + bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }
}
