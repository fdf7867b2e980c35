import type { Bytes } from "../support/memory-source.ts";
import { jsonFile, TINY_CONFIG, tinyModelFiles } from "../support/model-files.ts";

/** A way to break a sound folder, and what the error must say. */
export interface Breakage {
  readonly name: string;
  readonly message: RegExp;
  breakFolder(files: Map<string, Bytes>): void;
}

const config = (fields: Readonly<Record<string, unknown>>) => (files: Map<string, Bytes>) =>
  void files.set("config.json", jsonFile({ ...TINY_CONFIG, ...fields }));

const weights = (change: (bytes: Bytes) => Bytes) => (files: Map<string, Bytes>) =>
  void files.set("model.safetensors", change(files.get("model.safetensors")!));

/** One of each stage of loading; every kind of broken file has its own test where it is read. */
export const breakages: readonly Breakage[] = [
  { name: "no config", message: /config\.json/, breakFolder: (files) => void files.delete("config.json") },
  {
    name: "another architecture",
    message: /MambaForCausalLM/,
    breakFolder: config({ architectures: ["MambaForCausalLM"], model_type: "mamba" }),
  },
  {
    name: "a layer more than there are weights",
    message: /model\.layers\.2\./,
    breakFolder: config({ num_hidden_layers: 3 }),
  },
  { name: "another shape", message: /shape/, breakFolder: config({ intermediate_size: 64 }) },
  {
    name: "no tokenizer",
    message: /tokenizer\.json/,
    breakFolder: (files) => void files.delete("tokenizer.json"),
  },
  {
    name: "a tokenizer that is no JSON",
    message: /tokenizer\.json/,
    breakFolder: (files) => void files.set("tokenizer.json", new TextEncoder().encode('{"model": ')),
  },
  {
    name: "weights that end early",
    message: /model\.safetensors/,
    breakFolder: weights((bytes) => bytes.slice(0, bytes.length - 100)),
  },
  {
    name: "a header cut short",
    message: /model\.safetensors/,
    breakFolder: weights((bytes) => bytes.slice(0, 100)),
  },
];

/** A sound folder, broken in one way or in none. */
export function tinyFolder(breakage?: Breakage): Map<string, Bytes> {
  const files = tinyModelFiles();
  breakage?.breakFolder(files);
  return files;
}
