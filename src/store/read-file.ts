import { ModelError } from "../errors.ts";
import { FileCursor } from "./file-cursor.ts";
import type { ByteRange, FileSource } from "./source.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Reads a whole file of at most `limitBytes`; undefined where there is none. */
export async function readFile(
  source: FileSource,
  path: string,
  limitBytes: number,
  signal?: AbortSignal,
): Promise<Bytes | undefined> {
  const file = await readRange(source, path, { start: 0, end: Number.POSITIVE_INFINITY }, signal, limitBytes);
  if (!file) return undefined;
  const { bytes, sizeBytes = bytes.length } = file;
  if (bytes.length === sizeBytes) return bytes;
  throw new ModelError(
    `${path} of ${source.label} should be ${sizeBytes} bytes long; ${bytes.length} bytes came. ` +
      "The connection was cut, or the server states a wrong length: load the model again.",
  );
}

/** Reads bytes [start, end) of a file, or fewer where it ends before; undefined where there is none. */
export async function readRange(
  source: FileSource,
  path: string,
  { start, end }: ByteRange,
  signal?: AbortSignal,
  limitBytes = Number.POSITIVE_INFINITY,
): Promise<{ bytes: Bytes; sizeBytes: number | undefined } | undefined> {
  const cursor = new FileCursor(source, path, signal);
  try {
    if (!(await cursor.seek(start, end))) return undefined;
    const chunks: Bytes[] = [];
    let length = 0;
    if ((cursor.sizeBytes ?? 0) > limitBytes) throw tooLarge(path, limitBytes);
    for (let chunk = await cursor.read(); chunk; chunk = await cursor.read()) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > limitBytes) throw tooLarge(path, limitBytes);
    }
    return { bytes: concatenate(chunks, length), sizeBytes: cursor.sizeBytes };
  } finally {
    cursor.close();
  }
}

/** The text of a UTF-8 file; a byte order mark is dropped. */
export function decodeText(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ModelError(`${path} is not valid UTF-8 text. Fetch the file again, or choose another model.`);
  }
}

/** The value of a JSON file. */
export function decodeJson(path: string, bytes: Uint8Array): unknown {
  const text = decodeText(path, bytes);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelError(`${path} is not valid JSON: ${faultOf(text, error)}.`);
  }
}

function faultOf(text: string, error: unknown): string {
  if (text === "") return "it is empty. Fetch the file again";
  if (text.startsWith(LFS_POINTER)) return LFS_REMEDY;
  if (text.trimStart().startsWith("<")) return "it is an HTML or XML page. Check the model's address";
  return `${(error as Error).message}. Fetch the file again`;
}

/** How a Git LFS pointer begins, which stands in place of a large file that was not fetched. */
export const LFS_POINTER = "version https://git-lfs";
export const LFS_REMEDY = "it is a Git LFS pointer in place of the file. Fetch the file with `git lfs pull`";

function concatenate(chunks: readonly Bytes[], length: number): Bytes {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function tooLarge(path: string, limitBytes: number): ModelError {
  return new ModelError(
    `${path} is larger than ${limitBytes} bytes, more than Quire reads of such a file. Choose another model.`,
  );
}
