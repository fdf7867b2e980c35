import type { LlamaConfig } from "../model/config.ts";
import { ropeFrequencies } from "../model/rope.ts";

/** RoPE in place, halves of a head paired (Su et al., 2021); little enough to be done outside of onnxruntime. */
export class Rotation {
  readonly #frequencies: readonly number[];
  /** Heads that are rotated: of queries, and of keys right behind them. */
  readonly #headCount: number;
  readonly #cosines: Float32Array;
  readonly #sines: Float32Array;
  #position = -1;

  constructor(config: LlamaConfig) {
    this.#frequencies = ropeFrequencies(config);
    this.#headCount = config.headCount + config.kvHeadCount;
    this.#cosines = new Float32Array(this.#frequencies.length);
    this.#sines = new Float32Array(this.#frequencies.length);
  }

  /** Rotates the queries and keys of one row, `[headCount + 2 * kvHeadCount][headDim]`, to a position. */
  apply(row: Float32Array, position: number): void {
    this.#turnTo(position);
    const cosines = this.#cosines;
    const sines = this.#sines;
    const half = cosines.length;
    for (let head = 0; head < this.#headCount; head++) {
      const start = head * 2 * half;
      for (let i = 0; i < half; i++) {
        const a = row[start + i]!;
        const b = row[start + half + i]!;
        row[start + i] = a * cosines[i]! - b * sines[i]!;
        row[start + half + i] = b * cosines[i]! + a * sines[i]!;
      }
    }
  }

  /** A decode step rotates every layer to one position. */
  #turnTo(position: number): void {
    if (position === this.#position) return;
    this.#position = position;
    for (const [i, frequency] of this.#frequencies.entries()) {
      this.#cosines[i] = Math.cos(position * frequency);
      this.#sines[i] = Math.sin(position * frequency);
    }
  }
}
