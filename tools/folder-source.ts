import { type FileHandle, open, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { ModelError } from "../src/errors.ts";
import type { FileSource } from "../src/store/source.ts";

const CHUNK_BYTES = 1024 * 1024;

/** A model folder on disk, for tests and tools in Node. */
export function folderSource(folder: string): FileSource {
  return {
    label: folder,
    async open(path, { range } = {}) {
      const file = resolve(folder, path);
      const status = await stat(file).catch(() => undefined);
      if (!status?.isFile()) return undefined;
      const start = range?.start ?? 0;
      const end = Math.min(range?.end ?? status.size, status.size);
      return { start, sizeBytes: status.size, stream: readStream(file, start, end) };
    },
  };
}

/** Opens the file when it is first read from, so that a stream nobody reads holds nothing open. */
function readStream(path: string, start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let opening: Promise<FileHandle> | undefined;
  let position = start;
  const close = async () => (await opening?.catch(() => undefined))?.close();
  const read = async () => {
    opening ??= open(path);
    const chunk = new Uint8Array(Math.max(0, Math.min(CHUNK_BYTES, end - position)));
    const { bytesRead } = await (await opening).read(chunk, 0, chunk.length, position);
    position += bytesRead;
    return chunk.subarray(0, bytesRead);
  };
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const chunk = await read();
          if (chunk.length > 0) return controller.enqueue(chunk);
        } catch (error) {
          await close();
          throw new ModelError(`${path} could not be read: ${(error as Error).message}.`);
        }
        await close();
        controller.close();
      },
      cancel: close,
    },
    { highWaterMark: 0 },
  );
}
