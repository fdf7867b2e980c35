import { parseLlamaConfig } from "../../src/model/config.ts";
import { checkTensors, requiredTensors } from "../../src/model/tensors.ts";
import { openModelFolder, type TensorType } from "../../src/store/model-folder.ts";
import type { FileSource } from "../../src/store/source.ts";
import { streamTensors } from "../../src/store/stream-tensors.ts";
import type { LlamaModel } from "./llama.ts";

/** Reads a model folder for `LlamaReference`. */
export async function readLlamaModel(source: FileSource): Promise<LlamaModel> {
  const folder = await openModelFolder(source);
  const config = parseLlamaConfig(folder.config);
  checkTensors(config, folder);
  const names = requiredTensors(config).map(({ name }) => name);
  const tensors = new Map(
    names.map((name) => [name, new Float64Array(elementCount(folder.tensors.get(name)!.shape))]),
  );
  await streamTensors(folder, names, ({ name, type }, offset, bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const { size, read } = DECODERS[type];
    const tensor = tensors.get(name)!;
    for (let i = 0; i < bytes.length / size; i++) tensor[offset / size + i] = read(view, i * size);
  });
  return { config, tensors };
}

const DECODERS: Record<TensorType, { size: number; read: (view: DataView, at: number) => number }> = {
  F32: { size: 4, read: (view, at) => view.getFloat32(at, true) },
  F16: { size: 2, read: (view, at) => fromF16(view.getUint16(at, true)) },
  BF16: { size: 2, read: (view, at) => fromBf16(view.getUint16(at, true)) },
};

/** A bf16 is the upper half of an f32. */
function fromBf16(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, bits);
  return view.getFloat32(0);
}

function fromF16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * 2 ** -14 * fraction : sign * 2 ** (exponent - 15) * (1 + fraction);
}

function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
