import type { LlamaConfig } from "../model/config.ts";
import type { KvPlan } from "../model/kv-cache.ts";
import type { Ort } from "./ort.ts";

/** Keys and values of one layer of a slot, as tensors `[1][kvHeadCount][capacity][headDim]`. */
export interface LayerTensors {
  readonly keys: number;
  readonly values: number;
}

/** A sequence's keys and values in one piece, as attention wants them. */
interface Slot {
  /** Positions there is room for. */
  readonly capacity: number;
  readonly pointer: number;
  readonly layers: readonly LayerTensors[];
  /** What each block of positions holds: the version of the cache block it is a copy of. */
  versions: number[];
}

const FIRST_CAPACITY = 128;

/**
 * The KV cache in blocks, `[block][layer][keys, values][kvHeadCount][blockSize][headDim]`, and per slot a copy
 * in one piece of what its sequence has there. Attention reads and extends the copy; new positions are written
 * through to the blocks, from where other sequences take them. A version tells what a block holds, so that a
 * copy is known to be one.
 */
export class PagedKv {
  readonly #ort: Ort;
  readonly #layerCount: number;
  readonly #headCount: number;
  readonly #headDim: number;
  readonly #blockSize: number;
  readonly #blocks: number;
  readonly #versions: Float64Array;
  readonly #slots: (Slot | undefined)[];
  #lastVersion = 0;

  constructor(ort: Ort, config: LlamaConfig, plan: KvPlan, slotCount: number) {
    this.#ort = ort;
    this.#layerCount = config.layerCount;
    this.#headCount = config.kvHeadCount;
    this.#headDim = config.headDim;
    this.#blockSize = plan.blockSize;
    this.#blocks = ort.take(plan.sizeBytes);
    this.#versions = new Float64Array(plan.blockCount);
    this.#slots = new Array(slotCount);
  }

  /**
   * Makes the slot hold the positions below `position` of a block table, with room for those up to `end`, whose
   * blocks are about to be written. Returns its layers.
   */
  open(slot: number, blocks: readonly number[], position: number, end: number): readonly LayerTensors[] {
    const held = this.#withRoom(slot, end);
    const size = this.#blockSize;
    for (let i = 0; i * size < position; i++) {
      const version = this.#versions[blocks[i]!]!;
      if (held.versions[i] === version) continue;
      this.#copyBlock(held, i, blocks[i]!);
      held.versions[i] = version;
    }
    for (let i = Math.floor(position / size); i * size < end; i++) {
      held.versions[i] = ++this.#lastVersion;
      if (blocks[i] !== undefined) this.#versions[blocks[i]!] = this.#lastVersion;
    }
    return held.layers;
  }

  /** Writes positions [start, end) of a slot's layer through to the blocks. */
  store(slot: number, layer: number, blocks: readonly number[], start: number, end: number): void {
    const { pointer, capacity } = this.#slots[slot]!;
    const floats = this.#floats();
    const size = this.#blockSize;
    const row = this.#headDim;
    for (let position = start; position < end; position++) {
      const block = blocks[Math.floor(position / size)];
      if (block === undefined) continue;
      for (let head = 0; head < 2 * this.#headCount; head++) {
        const from = pointer / 4 + ((layer * 2 * this.#headCount + head) * capacity + position) * row;
        const to = this.#blockRow(block, layer, head) + (position % size) * row;
        floats.copyWithin(to, from, from + row);
      }
    }
  }

  dispose(): void {
    for (const slot of this.#slots) if (slot) this.#release(slot);
    this.#ort.giveBack(this.#blocks);
  }

  /** The slot with room for `length` positions; what it held stays. */
  #withRoom(index: number, length: number): Slot {
    const old = this.#slots[index];
    if (old && old.capacity >= length) return old;
    let capacity = old?.capacity ?? FIRST_CAPACITY;
    while (capacity < length) capacity *= 2;
    const slot = this.#allocate(capacity);
    if (old) {
      const rows = 2 * this.#headCount * this.#layerCount;
      const floats = this.#floats();
      for (let i = 0; i < rows; i++) {
        const from = old.pointer / 4 + i * old.capacity * this.#headDim;
        const to = slot.pointer / 4 + i * capacity * this.#headDim;
        floats.copyWithin(to, from, from + old.capacity * this.#headDim);
      }
      slot.versions = old.versions;
      this.#release(old);
    }
    this.#slots[index] = slot;
    return slot;
  }

  #allocate(capacity: number): Slot {
    const shape = [1, this.#headCount, capacity, this.#headDim];
    const halfBytes = 4 * this.#headCount * capacity * this.#headDim;
    const pointer = this.#ort.take(2 * halfBytes * this.#layerCount);
    const layers = Array.from({ length: this.#layerCount }, (_, layer) => ({
      keys: this.#ort.tensor("f32", pointer + 2 * layer * halfBytes, shape),
      values: this.#ort.tensor("f32", pointer + (2 * layer + 1) * halfBytes, shape),
    }));
    return { capacity, pointer, layers, versions: [] };
  }

  #release({ pointer, layers }: Slot): void {
    for (const { keys, values } of layers) {
      this.#ort.releaseTensor(keys);
      this.#ort.releaseTensor(values);
    }
    this.#ort.giveBack(pointer);
  }

  #copyBlock({ pointer, capacity }: Slot, index: number, block: number): void {
    const floats = this.#floats();
    const length = Math.min(this.#blockSize, capacity - index * this.#blockSize) * this.#headDim;
    for (let layer = 0; layer < this.#layerCount; layer++) {
      for (let head = 0; head < 2 * this.#headCount; head++) {
        const row = (layer * 2 * this.#headCount + head) * capacity + index * this.#blockSize;
        const from = this.#blockRow(block, layer, head);
        floats.copyWithin(pointer / 4 + row * this.#headDim, from, from + length);
      }
    }
  }

  /** Where a block's rows of a layer's head begin, in floats; the heads of values follow those of keys. */
  #blockRow(block: number, layer: number, head: number): number {
    const index = (block * this.#layerCount + layer) * 2 * this.#headCount + head;
    return this.#blocks / 4 + index * this.#blockSize * this.#headDim;
  }

  #floats(): Float32Array {
    return this.#ort.floats(0, this.#ort.memoryBytes / 4);
  }
}
