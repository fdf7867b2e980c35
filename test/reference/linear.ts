import type { WeightFormat } from "../../src/kernels/matrix.ts";

export interface LinearCase {
  rows: number;
  inputCount: number;
  outputCount: number;
  /** `[outputCount][inputCount]`, or twice as many rows, gates first, with `swiglu`. */
  weights: Float64Array;
  input: Float64Array;
  gains?: Float64Array | undefined;
  bias?: Float64Array | undefined;
  swiglu?: boolean | undefined;
}

export const EPSILON = 1e-5;

/** `W · x` row by row, with RMSNorm before and bias and SwiGLU after it where asked for. */
export function linearReference(op: LinearCase): Float64Array {
  const { rows, inputCount, outputCount, swiglu } = op;
  const products = swiglu ? 2 * outputCount : outputCount;
  const output = new Float64Array(rows * outputCount);
  for (let row = 0; row < rows; row++) {
    const x = normalised(op.input.subarray(row * inputCount, (row + 1) * inputCount), op.gains);
    const y = Float64Array.from({ length: products }, (_, o) => {
      let sum = op.bias?.[o] ?? 0;
      for (let i = 0; i < inputCount; i++) sum += op.weights[o * inputCount + i]! * x[i]!;
      return sum;
    });
    for (let o = 0; o < outputCount; o++) {
      output[row * outputCount + o] = swiglu ? silu(y[o]!) * y[outputCount + o]! : y[o]!;
    }
  }
  return output;
}

/** x / rms(x) · gains (Zhang and Sennrich, 2019). */
function normalised(x: Float64Array, gains: Float64Array | undefined): Float64Array {
  if (!gains) return x;
  const meanSquare = x.reduce((sum, value) => sum + value * value, 0) / x.length;
  return x.map((value, i) => (value / Math.sqrt(meanSquare + EPSILON)) * gains[i]!);
}

function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** Values rounded to a weight format, and the bytes that hold them. */
export function encodeWeights(
  values: Float64Array,
  format: WeightFormat,
): { rounded: Float64Array; words: Uint32Array } {
  const floats = Float32Array.from(values);
  if (format === "f32") return { rounded: Float64Array.from(floats), words: new Uint32Array(floats.buffer) };
  const halves = Uint16Array.from(floats, format === "bf16" ? toBf16 : toF16);
  const rounded = Float64Array.from(halves, format === "bf16" ? fromBf16 : fromF16);
  return { rounded, words: new Uint32Array(halves.buffer) };
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function toBf16(value: number): number {
  float[0] = value;
  return (word[0]! + 0x8000) >>> 16;
}

function fromBf16(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

/** Rounds to the nearest normal f16; too small a value becomes 0. */
export function toF16(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < 2 ** -14) return 0;
  const exponent = Math.floor(Math.log2(magnitude));
  const fraction = Math.round((magnitude / 2 ** exponent - 1) * 1024);
  return (value < 0 ? 0x8000 : 0) | (((exponent + 15) << 10) + fraction);
}

export function fromF16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  if (exponent === 0) return 0;
  return (bits & 0x8000 ? -1 : 1) * 2 ** (exponent - 15) * (1 + (bits & 1023) / 1024);
}
