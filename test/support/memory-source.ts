import type { FileSource } from "../../src/store/source.ts";

export type Bytes = Uint8Array<ArrayBuffer>;
/** A folder in memory: its files' bytes by their names. */
export type Files = ReadonlyMap<string, Bytes>;

export interface MemorySourceOptions {
  readonly label?: string;
  /** Bytes of each chunk a stream brings. */
  readonly chunkBytes?: number;
}

/** A folder in memory as a source of model files, with ranges. */
export function memorySource(
  files: Files,
  { label = "the test model", chunkBytes = 4096 }: MemorySourceOptions = {},
): FileSource {
  return {
    label,
    async open(path, { range } = {}) {
      const file = files.get(path);
      if (!file) return undefined;
      const { start = 0, end = file.length } = range ?? {};
      return { start, sizeBytes: file.length, stream: streamOf(file.subarray(start, end), chunkBytes) };
    },
  };
}

/** A stream of `bytes` in chunks, made as they are asked for. */
export function streamOf(bytes: Bytes, chunkBytes: number): ReadableStream<Bytes> {
  let position = 0;
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = bytes.slice(position, position + chunkBytes);
        position += chunk.length;
        if (chunk.length > 0) controller.enqueue(chunk);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
