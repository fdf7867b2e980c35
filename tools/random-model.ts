import { type FileHandle, mkdir, open, rename, rm, stat, writeFile } from "node:fs/promises";
import { parseLlamaConfig } from "../src/model/config.ts";
import { type RequiredTensor, requiredTensors } from "../src/model/tensors.ts";
import { randomTokenizer } from "./random-tokenizer.ts";

export type RandomFormat = "f16" | "bf16";

/**
 * Makes a Hugging Face folder whose weights mean nothing, in the shape that a `config.json` says, unless it is
 * there already. A folder is put in its place when it is complete.
 */
export async function randomModel(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  format: RandomFormat,
): Promise<void> {
  if (await stat(folder).catch(() => undefined)) return;
  const unfinished = `${folder}.part`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const json = (name: string, value: unknown) => writeFile(`${unfinished}/${name}`, JSON.stringify(value));
  const { vocabSize } = parseLlamaConfig(config);
  await json("config.json", { ...config, torch_dtype: format === "bf16" ? "bfloat16" : "float16" });
  await json("tokenizer.json", randomTokenizer(vocabSize));
  await json("tokenizer_config.json", { tokenizer_class: "PreTrainedTokenizerFast" });
  await writeWeights(`${unfinished}/model.safetensors`, requiredTensors(parseLlamaConfig(config)), format);
  await rename(unfinished, folder);
}

const PIECE_BYTES = 4 * 2 ** 20;

/** Writes a safetensors file, one piece in memory at a time. */
async function writeWeights(
  path: string,
  tensors: readonly RequiredTensor[],
  format: RandomFormat,
): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.write(safetensorsHeader(tensors, format));
    const draw = randomWords(1);
    for (const { shape } of tensors) await writeTensor(file, shape, format, draw);
  } finally {
    await file.close();
  }
}

function safetensorsHeader(tensors: readonly RequiredTensor[], format: RandomFormat): Uint8Array {
  let offset = 0;
  const entries = tensors.map(({ name, shape }) => {
    const start = offset;
    offset += 2 * elementCount(shape);
    return [name, { dtype: format.toUpperCase(), shape, data_offsets: [start, offset] }];
  });
  const text = JSON.stringify(Object.fromEntries(entries));
  const padded = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / 8) * 8));
  const header = new Uint8Array(8 + padded.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(padded.length), true);
  header.set(padded, 8);
  return header;
}

/** Bits of 1, and of the exponent of numbers between 1/128 and 1/32, in both formats. */
const formatBits = {
  bf16: { one: 0x3f80, small: 0x3c00, random: 0x80ff },
  f16: { one: 0x3c00, small: 0x2000, random: 0x87ff },
} as const;

/** Vectors are gains and get ones; matrices get small numbers of both signs, so that no activation runs away. */
async function writeTensor(
  file: FileHandle,
  shape: readonly number[],
  format: RandomFormat,
  draw: () => number,
): Promise<void> {
  const { one, small, random } = formatBits[format];
  const count = elementCount(shape);
  for (let written = 0; written < count; ) {
    const piece = new Uint16Array(Math.min(PIECE_BYTES / 2, count - written));
    if (shape.length === 1) piece.fill(one);
    else for (let i = 0; i < piece.length; i++) piece[i] = (draw() & random) | small;
    await file.write(new Uint8Array(piece.buffer));
    written += piece.length;
  }
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Marsaglia's xorshift32 (2003): fast enough for billions. */
function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}
