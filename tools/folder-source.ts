import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { FileSource, OpenFile, OpenOptions } from "../src/store/source.ts";

/** A model folder on disk, for Node. */
export class FolderSource implements FileSource {
  constructor(readonly label: string) {}

  async open(path: string, { range }: OpenOptions = {}): Promise<OpenFile | undefined> {
    const file = join(this.label, path);
    const sizeBytes = await stat(file).then(
      (stats) => stats.size,
      () => undefined,
    );
    if (sizeBytes === undefined) return undefined;
    const bounds = range ? { start: range.start, end: range.end - 1 } : {};
    const stream = Readable.toWeb(createReadStream(file, bounds)) as ReadableStream<Uint8Array>;
    return { start: range?.start ?? 0, sizeBytes, stream };
  }
}
