import type { Bytes } from "./memory-source.ts";

export interface FileTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** A tensor's entry in a safetensors header. */
export interface HeaderEntry {
  dtype: unknown;
  shape: unknown;
  data_offsets: unknown;
}

/** The bytes of a safetensors file that holds `tensors` in that order. */
export function encodeSafetensors(tensors: readonly FileTensor[]): Bytes {
  let offset = 0;
  const entries = tensors.map(({ name, dtype, shape, bytes }): [string, HeaderEntry] => {
    const start = offset;
    offset += bytes.length;
    return [name, { dtype, shape, data_offsets: [start, offset] }];
  });
  return joinSafetensors(
    JSON.stringify(Object.fromEntries(entries)),
    tensors.map(({ bytes }) => bytes),
  );
}

/** A safetensors file of any header, sound or not, padded with spaces to a multiple of 8. */
export function joinSafetensors(header: string, data: readonly Uint8Array[]): Bytes {
  const text = new TextEncoder().encode(header);
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(0x20);
  padded.set(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return concatenate([length, padded, ...data]);
}

export function concatenate(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Takes a safetensors file apart, to be put together differently. */
export function splitSafetensors(file: Uint8Array): {
  header: Record<string, HeaderEntry>;
  data: Uint8Array;
} {
  const view = new DataView(file.buffer, file.byteOffset);
  const dataStart = 8 + Number(view.getBigUint64(0, true));
  return {
    header: JSON.parse(new TextDecoder().decode(file.subarray(8, dataStart))),
    data: file.subarray(dataStart),
  };
}
