import { ModelError } from "../errors.ts";
import { readSafetensors, type StoredTensor } from "./safetensors.ts";
import type { FileSource } from "./source.ts";

const INDEX = "model.safetensors.index.json";
const MAX_SHARDS = 1024;

/** The tensors that a `model.safetensors.index.json` names, from the headers of its shards. */
export async function readShards(
  source: FileSource,
  index: unknown,
  signal?: AbortSignal,
): Promise<StoredTensor[]> {
  const weightMap = parseWeightMap(index);
  const files = [...new Set(Object.values(weightMap))];
  if (files.length > MAX_SHARDS) {
    throw broken(`its weight_map should name at most ${MAX_SHARDS} files; it names ${files.length}`);
  }
  const shards = await Promise.all(files.map((file) => readShard(source, file, signal)));
  const places = new Map(files.map((file, i) => [file, new Map(shards[i]!.map((t) => [t.name, t]))]));
  return Object.entries(weightMap).map(([name, file]) => {
    const tensor = places.get(file)!.get(name);
    if (!tensor) throw broken(`the tensor ${name} should be in ${file}; it is not there`);
    return tensor;
  });
}

async function readShard(source: FileSource, file: string, signal?: AbortSignal): Promise<StoredTensor[]> {
  const tensors = await readSafetensors(source, file, signal);
  if (tensors) return tensors;
  throw new ModelError(
    `${source.label} has no ${file}, which ${INDEX} names. The folder may be incomplete: fetch all of its files again.`,
  );
}

function parseWeightMap(index: unknown): Record<string, string> {
  const map = (index as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== "object" || map === null || Array.isArray(map) || Object.keys(map).length === 0) {
    throw broken("it should have a weight_map from tensors to files");
  }
  // A file's name comes from outside, and must not lead out of the folder.
  const odd = Object.entries(map).find(([, file]) => !/^\w[\w.-]*\.safetensors$/.test(String(file)));
  if (odd) {
    throw broken(`${odd[0]} should be in a plain file *.safetensors; its file is ${JSON.stringify(odd[1])}`);
  }
  return map as Record<string, string>;
}

function broken(what: string): ModelError {
  return new ModelError(`${INDEX} is wrong: ${what}. Fetch the file again, or choose another model.`);
}
