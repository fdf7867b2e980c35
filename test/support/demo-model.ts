import type { Gpu } from "../../src/gpu/device.ts";
import { type GpuModel, loadModel } from "../../src/runtime/load-model.ts";
import { type Bytes, type Files, memorySource } from "./memory-source.ts";

const FOLDER = "models/quire-demo";
const NAMES = ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"];

/** The bundled model's files, from the disk in Node and from the test server in a browser. */
export async function demoFiles(): Promise<Files> {
  const names = [...NAMES, "model.safetensors"];
  return new Map(await Promise.all(names.map(async (name) => [name, await read(name)] as const)));
}

/** The bundled model on a device, with room for `maxSequences` sequences of its whole context. */
export async function demoModel(gpu: Gpu, maxSequences = 16): Promise<GpuModel> {
  return loadModel({
    gpu,
    source: memorySource(await demoFiles(), { chunkBytes: 2 ** 20 }),
    options: { maxSequences, kvType: "f32" },
    onProgress: () => {},
    signal: new AbortController().signal,
  });
}

async function read(name: string): Promise<Bytes> {
  if ("document" in globalThis) {
    const response = await fetch(`/${FOLDER}/${name}`);
    if (!response.ok) throw new Error(`${name}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
  const { readFile } = await import("node:fs/promises");
  return new Uint8Array(await readFile(`public/${FOLDER}/${name}`));
}
