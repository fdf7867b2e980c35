import type { LlamaConfig } from "../model/config.ts";
import { qkvSize } from "./llama-graph.ts";
import type { Ort } from "./ort.ts";

/** The tensors of a step of one number of rows. */
export interface RowTensors {
  /** The residual stream, `[rows][hiddenSize]`: stages read one and write the other, in turn. */
  readonly hidden: readonly [number, number];
  /** `[rows][qkvSize]`. */
  readonly qkv: number;
  /** `[rows][headCount * headDim]`. */
  readonly attended: number;
}

/** What a step computes in, allocated once for the largest step. */
export class Activations {
  /** Float pointers to the two residual streams. */
  readonly hidden: readonly [number, number];
  /** `[samples][hiddenSize]`: the rows that get logits. */
  readonly headInput: number;
  /** `[samples][vocabSize]`. */
  readonly logits: number;
  /** Pointer to `[rows][qkvSize]`. */
  readonly qkv: number;
  /** Each row of `qkv` and `attended` on its own, as attention takes and gives them. */
  readonly rows: readonly { readonly qkv: number; readonly attended: number }[];
  /** The position of the row that attends, and the length of its sequence: one i32 each, with their tensors. */
  readonly position: Place;
  readonly length: Place;
  readonly #ort: Ort;
  readonly #config: LlamaConfig;
  readonly #attended: number;
  readonly #byRows = new Map<number, RowTensors>();
  readonly #bySamples = new Map<number, { readonly input: number; readonly logits: number }>();
  readonly #pointers: number[] = [];
  readonly #tensors: number[] = [];

  constructor(ort: Ort, config: LlamaConfig, sizes: ActivationSizes) {
    const { rowCount, sampleCount } = sizes;
    const { hiddenSize, vocabSize } = config;
    this.#ort = ort;
    this.#config = config;
    this.hidden = [this.#floats(rowCount * hiddenSize), this.#floats(rowCount * hiddenSize)];
    this.headInput = this.#floats(sampleCount * hiddenSize);
    this.logits = this.#floats(sampleCount * vocabSize);
    this.qkv = this.#floats(rowCount * qkvSize(config));
    this.#attended = this.#floats(rowCount * this.#attendedSize);
    this.rows = Array.from({ length: rowCount }, (_, row) => ({
      qkv: this.#tensor(this.qkv, row, [1, 1, qkvSize(config)]),
      attended: this.#tensor(this.#attended, row, [1, 1, this.#attendedSize]),
    }));
    this.position = this.#integer();
    this.length = this.#integer();
  }

  /** The tensors of a step of `count` rows. */
  tensors(count: number): RowTensors {
    const known = this.#byRows.get(count);
    if (known) return known;
    const shape = [count, this.#config.hiddenSize];
    const tensors: RowTensors = {
      hidden: [this.#tensor(this.hidden[0], 0, shape), this.#tensor(this.hidden[1], 0, shape)],
      qkv: this.#tensor(this.qkv, 0, [count, qkvSize(this.#config)]),
      attended: this.#tensor(this.#attended, 0, [count, this.#attendedSize]),
    };
    this.#byRows.set(count, tensors);
    return tensors;
  }

  /** The head's input and output for `count` samples. */
  headTensors(count: number): { readonly input: number; readonly logits: number } {
    const known = this.#bySamples.get(count);
    if (known) return known;
    const tensors = {
      input: this.#tensor(this.headInput, 0, [count, this.#config.hiddenSize]),
      logits: this.#tensor(this.logits, 0, [count, this.#config.vocabSize]),
    };
    this.#bySamples.set(count, tensors);
    return tensors;
  }

  dispose(): void {
    for (const tensor of this.#tensors) this.#ort.releaseTensor(tensor);
    for (const pointer of this.#pointers) this.#ort.giveBack(pointer);
  }

  get #attendedSize(): number {
    return this.#config.headCount * this.#config.headDim;
  }

  #floats(count: number): number {
    const pointer = this.#ort.take(4 * count);
    this.#pointers.push(pointer);
    return pointer;
  }

  /** A tensor of `shape` that begins `index` such tensors after `pointer`. */
  #tensor(pointer: number, index: number, shape: readonly number[]): number {
    const size = shape.reduce((product, each) => product * each, 1);
    const tensor = this.#ort.tensor("f32", pointer + 4 * index * size, shape);
    this.#tensors.push(tensor);
    return tensor;
  }

  #integer(): Place {
    const pointer = this.#floats(1);
    const tensor = this.#ort.tensor("i32", pointer, [1]);
    this.#tensors.push(tensor);
    return { pointer, tensor };
  }
}

export interface Place {
  readonly pointer: number;
  readonly tensor: number;
}

export interface ActivationSizes {
  /** Input rows of the largest step. */
  readonly rowCount: number;
  readonly sampleCount: number;
}

/** Bytes that `Activations` takes. */
export function activationBytes(config: LlamaConfig, { rowCount, sampleCount }: ActivationSizes): number {
  const rowSize = 2 * config.hiddenSize + qkvSize(config) + config.headCount * config.headDim;
  const sampleSize = config.hiddenSize + config.vocabSize;
  return 4 * (rowCount * rowSize + sampleCount * sampleSize);
}
