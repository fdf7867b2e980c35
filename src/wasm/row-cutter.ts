import type { TensorType } from "../store/model-folder.ts";

export const TYPE_BYTES: Readonly<Record<TensorType, number>> = { F32: 4, F16: 2, BF16: 2 };

/** Takes a row of a tensor; the values are the cutter's again once it returns. */
export type RowSink = (row: number, values: Float32Array) => void;

/** Cuts a tensor's bytes, which come in pieces of any length, into rows of f32. */
export class RowCutter {
  readonly #type: TensorType;
  readonly #sink: RowSink;
  /** The bytes of the row that is coming in. */
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #values: Float32Array<ArrayBuffer>;
  #filled = 0;
  #row = 0;

  constructor(type: TensorType, rowSize: number, sink: RowSink) {
    this.#type = type;
    this.#sink = sink;
    this.#bytes = new Uint8Array(rowSize * TYPE_BYTES[type]);
    this.#values = type === "F32" ? new Float32Array(this.#bytes.buffer) : new Float32Array(rowSize);
  }

  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(this.#bytes.length - this.#filled, bytes.length - at);
      this.#bytes.set(bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
      if (this.#filled < this.#bytes.length) return;
      toFloats(this.#bytes, this.#type, this.#values);
      this.#sink(this.#row++, this.#values);
      this.#filled = 0;
    }
  }
}

/** Converts stored values, which begin at a multiple of their size, to f32. */
export function toFloats(bytes: Uint8Array<ArrayBufferLike>, type: TensorType, values: Float32Array): void {
  if (type === "F32") {
    values.set(new Float32Array(bytes.buffer, bytes.byteOffset, values.length));
    return;
  }
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, values.length);
  if (type === "F16") {
    const table = halfTable();
    for (let i = 0; i < values.length; i++) values[i] = table[halves[i]!]!;
    return;
  }
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < words.length; i++) words[i] = halves[i]! << 16;
}

let halves: Float32Array | undefined;

/** Every f16 as f32, by its bits. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
  });
  return halves;
}
