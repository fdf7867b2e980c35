import { ModelError } from "../errors.ts";
import { decodeJson, LFS_POINTER, LFS_REMEDY, readRange } from "./read-file.ts";
import type { FileSource } from "./source.ts";

/** A tensor as a safetensors file describes it, of whatever type; bytes [start, end) of the file. */
export interface StoredTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** Bits of an element, for every type of the format (https://huggingface.co/docs/safetensors). */
const TYPE_BITS: ReadonlyMap<unknown, number> = new Map(
  Object.entries({
    ...{
      F4: 4,
      F6_E2M3: 6,
      F6_E3M2: 6,
      F8_E4M3: 8,
      F8_E5M2: 8,
      F8_E8M0: 8,
      F16: 16,
      BF16: 16,
      F32: 32,
      F64: 64,
    },
    ...{ BOOL: 8, U8: 8, I8: 8, U16: 16, I16: 16, U32: 32, I32: 32, U64: 64, I64: 64, C64: 64 },
  }),
);

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;
/** Enough for the header of most models. */
const FIRST_READ_BYTES = 64 * 1024;
const LENGTH_BYTES = 8;

/** Reads the header of a safetensors file and no more; undefined where there is no such file. */
export async function readSafetensors(
  source: FileSource,
  file: string,
  signal?: AbortSignal,
): Promise<StoredTensor[] | undefined> {
  const first = await readRange(source, file, { start: 0, end: FIRST_READ_BYTES }, signal);
  if (!first) return undefined;
  const headerBytes = headerLength(file, first.bytes, first.sizeBytes);
  const dataStart = LENGTH_BYTES + headerBytes;
  const header = new Uint8Array(headerBytes);
  const beginning = first.bytes.subarray(LENGTH_BYTES, dataStart);
  header.set(beginning);
  let length = beginning.length;
  if (length < headerBytes && first.bytes.length === FIRST_READ_BYTES) {
    const rest = await readRange(source, file, { start: FIRST_READ_BYTES, end: dataStart }, signal);
    header.set(rest?.bytes ?? [], length);
    length += rest?.bytes.length ?? 0;
  }
  if (length < headerBytes) {
    throw broken(
      file,
      `its header should be ${headerBytes} bytes long; the file ends after ${length} of them`,
    );
  }
  return parseSafetensors(file, header, first.sizeBytes);
}

/** Checks the header's length, which a safetensors file begins with. */
function headerLength(file: string, bytes: Uint8Array, sizeBytes: number | undefined): number {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, LFS_POINTER.length));
  if (text === LFS_POINTER) throw new ModelError(`${file} is not a safetensors file: ${LFS_REMEDY}.`);
  if (text.startsWith("<")) {
    throw new ModelError(`${file} is not a safetensors file: it is an HTML page. Check the model's address.`);
  }
  if (bytes.length < LENGTH_BYTES) {
    throw broken(file, `it should begin with the header's length in 8 bytes; it has ${bytes.length} bytes`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length < 2n || length > BigInt(MAX_HEADER_BYTES)) {
    throw broken(
      file,
      `its header should be 2 to ${MAX_HEADER_BYTES} bytes long; its length is given as ${length}`,
    );
  }
  const available = sizeBytes === undefined ? undefined : sizeBytes - LENGTH_BYTES;
  if (available !== undefined && length > available) {
    throw broken(file, `its header should be ${length} bytes long; the file has only ${available} for it`);
  }
  return Number(length);
}

/** The tensors of a safetensors header, checked to fill the file from the header to its end without a gap. */
export function parseSafetensors(
  file: string,
  header: Uint8Array,
  sizeBytes: number | undefined,
): StoredTensor[] {
  const json = decodeJson(`${file}: the header`, header);
  if (!isObject(json)) throw broken(file, "its header should be a JSON object");
  const { __metadata__: metadata, ...entries } = json;
  if (metadata !== undefined && !isTextMap(metadata)) {
    throw broken(file, "its __metadata__ should be an object of strings");
  }
  const dataStart = LENGTH_BYTES + header.length;
  const tensors = Object.entries(entries).map(([name, entry]) => parseTensor(file, name, entry, dataStart));
  tensors.sort((a, b) => a.start - b.start || a.end - b.end);
  checkLayout(file, tensors, dataStart, sizeBytes);
  return tensors;
}

function parseTensor(file: string, name: string, entry: unknown, dataStart: number): StoredTensor {
  const wrong = (what: string, expected: string, came: unknown) =>
    broken(file, `the ${what} of the tensor ${name} should be ${expected}; it is ${JSON.stringify(came)}`);
  if (!isObject(entry)) throw wrong("entry", "an object", entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  const bits = TYPE_BITS.get(dtype);
  if (bits === undefined) throw wrong("dtype", "one of the safetensors format", dtype);
  if (!isCounts(shape)) throw wrong("shape", "a list of whole numbers from 0", shape);
  const bytes = (shape.reduce((product, size) => product * size, 1) * bits) / 8;
  if (!Number.isSafeInteger(bytes)) throw wrong("shape", "of a size that can be stored", shape);
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw wrong("data_offsets", "two whole numbers from 0", offsets);
  }
  const [from, to] = offsets as [number, number];
  if (from > to) throw wrong("data_offsets", "in ascending order", offsets);
  if (to - from !== bytes) {
    throw wrong("data_offsets", `${bytes} bytes apart, for ${dtype} of shape [${shape.join(", ")}]`, offsets);
  }
  return { name, type: dtype as string, shape, file, start: dataStart + from, end: dataStart + to };
}

/**
 * Checks that each tensor begins where the one before it ends. That also finds a name given twice, of which
 * JSON keeps the last: the first leaves a gap.
 */
function checkLayout(
  file: string,
  tensors: readonly StoredTensor[],
  dataStart: number,
  sizeBytes: number | undefined,
): void {
  let end = dataStart;
  let before = "the header";
  for (const tensor of tensors) {
    if (tensor.start < end) throw broken(file, `the tensors ${before} and ${tensor.name} overlap`);
    if (tensor.start > end) {
      throw broken(
        file,
        `between ${before} and the tensor ${tensor.name} is a gap of ${tensor.start - end} bytes`,
      );
    }
    end = tensor.end;
    before = tensor.name;
  }
  if (sizeBytes === undefined || sizeBytes === end) return;
  const last = `its last tensor, ${before}, ends at byte ${end}`;
  if (sizeBytes < end) throw broken(file, `${last}; the file has only ${sizeBytes} bytes`);
  throw broken(file, `${last}; the file goes on to byte ${sizeBytes}`);
}

function broken(file: string, what: string): ModelError {
  return new ModelError(
    `${file} is not a sound safetensors file: ${what}. Fetch the file again, or choose another model.`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTextMap(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
