import { abortReason, InputError, ModelError } from "../errors.ts";
import { orAbort } from "./abort.ts";
import { FileCursor } from "./file-cursor.ts";
import type { ModelFolder, TensorInfo } from "./model-folder.ts";
import type { TransferOptions } from "./source.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * Takes bytes that stand at byte `offset` of a tensor. They are the sink's until it returns, or until what
 * it returns settles; after that they are overwritten.
 */
export type TensorSink = (tensor: TensorInfo, offset: number, bytes: Bytes) => void | Promise<void>;

export interface StreamOptions extends TransferOptions {
  /** Most bytes of a piece; a multiple of 4. 4 MiB by default. */
  readonly pieceBytes?: number;
}

/** Unwanted bytes between two tensors that are cheaper to read over than to ask anew. */
const READ_OVER_BYTES = 1024 * 1024;

/** Wanted tensors of a file that one request brings: bytes [start, end). */
interface Stretch {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly tensors: readonly TensorInfo[];
}

/**
 * Streams the named tensors file by file, in the order in which they stand there, and hands them to `sink`
 * in pieces. Each piece but a tensor's last is a multiple of 4 bytes long, so each begins at a multiple of
 * 4. Memory holds one piece and one chunk of the network, and no more is read until the sink is done.
 */
export async function streamTensors(
  folder: Pick<ModelFolder, "source" | "tensors">,
  names: Iterable<string>,
  sink: TensorSink,
  { signal, onProgress, pieceBytes = 4 * 1024 * 1024 }: StreamOptions = {},
): Promise<void> {
  if (!Number.isSafeInteger(pieceBytes / 4) || pieceBytes <= 0) {
    throw new InputError(`pieceBytes should be a positive multiple of 4; it is ${pieceBytes}.`);
  }
  const wanted = findTensors(folder, names);
  const totalBytes = wanted.reduce((sum, { start, end }) => sum + end - start, 0);
  let loadedBytes = 0;
  onProgress?.({ phase: "weights", loadedBytes, totalBytes });
  const buffer = new Uint8Array(Math.min(pieceBytes, Math.max(0, ...wanted.map((t) => t.end - t.start))));
  const deliver: TensorSink = async (tensor, offset, bytes) => {
    await orAbort(Promise.resolve(sink(tensor, offset, bytes)), signal);
    loadedBytes += bytes.length;
    onProgress?.({ phase: "weights", loadedBytes, totalBytes });
  };
  for (const file of new Set(wanted.map((tensor) => tensor.file))) {
    const cursor = new FileCursor(folder.source, file, signal);
    try {
      for (const stretch of stretches(wanted.filter((tensor) => tensor.file === file))) {
        await readStretch(cursor, stretch, folder.source.label, buffer, deliver);
      }
    } finally {
      cursor.close();
    }
  }
  if (signal?.aborted) throw abortReason(signal);
}

/** The named tensors that have any bytes, in the order of their files' bytes. */
function findTensors(folder: Pick<ModelFolder, "tensors">, names: Iterable<string>): TensorInfo[] {
  const tensors = [...new Set(names)].map((name) => {
    const tensor = folder.tensors.get(name);
    if (!tensor) throw new ModelError(`The weights lack the tensor ${name}. Choose another model.`);
    return tensor;
  });
  return tensors.filter(({ start, end }) => end > start).sort((a, b) => a.start - b.start);
}

function stretches(tensors: readonly TensorInfo[]): Stretch[] {
  const groups: TensorInfo[][] = [];
  for (const tensor of tensors) {
    const group = groups.at(-1);
    if (group && tensor.start - group.at(-1)!.end <= READ_OVER_BYTES) group.push(tensor);
    else groups.push([tensor]);
  }
  return groups.map((group) => ({
    file: group[0]!.file,
    start: group[0]!.start,
    end: group.at(-1)!.end,
    tensors: group,
  }));
}

async function readStretch(
  cursor: FileCursor,
  { file, start, end, tensors }: Stretch,
  label: string,
  buffer: Bytes,
  sink: TensorSink,
): Promise<void> {
  if (!(await cursor.seek(start, end))) {
    throw new ModelError(`${label} has no ${file} any more. Load the model again.`);
  }
  for (const tensor of tensors) {
    await cursor.skipTo(tensor.start);
    const readBytes = await readTensor(cursor, tensor, buffer, sink);
    const sizeBytes = tensor.end - tensor.start;
    if (readBytes === sizeBytes) continue;
    throw new ModelError(
      `${file} of ${label} ended within the tensor ${tensor.name}: ${sizeBytes} bytes were expected, ` +
        `${readBytes} came. The file is cut short, or has changed since its header was read: load the model again.`,
    );
  }
}

/** Hands a tensor to the sink in pieces. Returns the bytes that came. */
async function readTensor(
  cursor: FileCursor,
  tensor: TensorInfo,
  buffer: Bytes,
  sink: TensorSink,
): Promise<number> {
  const sizeBytes = tensor.end - tensor.start;
  let offset = 0;
  let filled = 0;
  while (offset < sizeBytes) {
    const pieceBytes = Math.min(buffer.length, sizeBytes - offset);
    const chunk = await cursor.read(pieceBytes - filled);
    if (!chunk) return offset + filled;
    // A chunk that holds the whole piece is handed on as it is.
    const whole = chunk.length === pieceBytes;
    if (!whole) buffer.set(chunk, filled);
    filled += chunk.length;
    if (filled < pieceBytes) continue;
    await sink(tensor, offset, whole ? chunk : buffer.subarray(0, pieceBytes));
    offset += pieceBytes;
    filled = 0;
  }
  return offset;
}
