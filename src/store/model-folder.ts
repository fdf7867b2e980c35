import { ModelError } from "../errors.ts";
import { decodeJson, decodeText, readFile } from "./read-file.ts";
import { readSafetensors, type StoredTensor } from "./safetensors.ts";
import { readShards } from "./shards.ts";
import type { FileSource, TransferOptions } from "./source.ts";

export type TensorType = "F32" | "F16" | "BF16";

/** A tensor of a safetensors file, by the bytes [start, end) of that file. */
export interface TensorInfo extends StoredTensor {
  readonly type: TensorType;
}

/** A Hugging Face model folder: its small files read, its tensors known by place. */
export interface ModelFolder {
  readonly source: FileSource;
  /** `config.json`, parsed and otherwise unchecked. */
  readonly config: unknown;
  /** `generation_config.json`, where there is one. */
  readonly generationConfig: unknown;
  /** `tokenizer.json`. */
  readonly tokenizer: unknown;
  /** `tokenizer_config.json`, where there is one. */
  readonly tokenizerConfig: unknown;
  /** Jinja source, from `chat_template.jinja` or the tokenizer's config. */
  readonly chatTemplate: string | undefined;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Types of the tensors that Quire cannot compute with, by name: quantized weights, masks, tables. */
  readonly otherTensors: ReadonlyMap<string, string>;
}

/** Far above any of these files, far below what a page may take. */
const SMALL_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Reads a model folder's small files and its weights' headers, side by side. Raises a ModelError that names
 * the file which is missing or broken.
 */
export async function openModelFolder(
  source: FileSource,
  { signal, onProgress }: TransferOptions = {},
): Promise<ModelFolder> {
  // One file that fails ends the reading of the others.
  const failure = new AbortController();
  const either = signal ? AbortSignal.any([signal, failure.signal]) : failure.signal;
  let loadedBytes = 0;
  const small = async <T>(path: string, decode: (path: string, bytes: Uint8Array) => T) => {
    const bytes = await readFile(source, path, SMALL_FILE_BYTES, either);
    if (!bytes) return undefined;
    loadedBytes += bytes.length;
    onProgress?.({ phase: "open", loadedBytes, totalBytes: 0 });
    return decode(path, bytes);
  };
  try {
    const [config, generationConfig, tokenizer, tokenizerConfig, template, stored] = await Promise.all([
      small("config.json", decodeJson),
      small("generation_config.json", decodeJson),
      small("tokenizer.json", decodeJson),
      small("tokenizer_config.json", decodeJson),
      small("chat_template.jinja", decodeText),
      readWeightHeaders(source, small("model.safetensors.index.json", decodeJson), either),
    ]);
    if (config === undefined) throw missing(source, "config.json", "Check the model's address");
    if (tokenizer === undefined) {
      throw missing(source, "tokenizer.json", "Choose a model that is published with one");
    }
    if (!stored) {
      throw missing(source, "model.safetensors", "Choose a model that is published in this format");
    }
    const chatTemplate = template ?? templateOf(tokenizerConfig);
    return { source, config, generationConfig, tokenizer, tokenizerConfig, chatTemplate, ...sort(stored) };
  } finally {
    failure.abort();
  }
}

/** The tensors of `model.safetensors`, or else of the shards that its index names. */
async function readWeightHeaders(
  source: FileSource,
  index: Promise<unknown>,
  signal: AbortSignal,
): Promise<StoredTensor[] | undefined> {
  const [whole, shards] = await Promise.all([
    readSafetensors(source, "model.safetensors", signal),
    index.then((json) => (json === undefined ? undefined : readShards(source, json, signal))),
  ]);
  return whole ?? shards;
}

function sort(stored: readonly StoredTensor[]): Pick<ModelFolder, "tensors" | "otherTensors"> {
  const tensors = stored.filter(isUsable);
  const others = stored.filter((tensor) => !isUsable(tensor));
  return {
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    otherTensors: new Map(others.map(({ name, type }) => [name, type])),
  };
}

function isUsable(tensor: StoredTensor): tensor is TensorInfo {
  return tensor.type === "F32" || tensor.type === "F16" || tensor.type === "BF16";
}

/** `chat_template` of a `tokenizer_config.json`: a text, or a list of named ones. */
function templateOf(tokenizerConfig: unknown): string | undefined {
  const { chat_template: template } = (tokenizerConfig ?? {}) as { chat_template?: unknown };
  if (template === undefined || template === null || typeof template === "string")
    return template ?? undefined;
  const named = Array.isArray(template) ? template.find((entry) => entry?.name === "default")?.template : 0;
  if (named === undefined || typeof named === "string") return named;
  throw new ModelError(
    "tokenizer_config.json: chat_template should be a text or a list of { name, template }; it is neither. " +
      "Use the file as the model's authors published it.",
  );
}

function missing(source: FileSource, path: string, remedy: string): ModelError {
  return new ModelError(`${source.label} has no ${path}, which Quire needs to run a model. ${remedy}.`);
}
