/**
 * Hands out KV blocks and counts who holds them. Pure bookkeeping: it never touches memory.
 *
 * Blocks nobody holds stand in a list, the longest released first, and keep what is written in them until they
 * are taken again. The list is a ring of links through a sentinel, so taking any block out of it is cheap.
 */
export class BlockPool {
  readonly #holders: Uint32Array;
  readonly #next: Uint32Array;
  readonly #previous: Uint32Array;
  #freeCount = 0;

  constructor(readonly size: number) {
    this.#holders = new Uint32Array(size);
    this.#next = new Uint32Array(size + 1);
    this.#previous = new Uint32Array(size + 1);
    this.#next[size] = size;
    this.#previous[size] = size;
    for (let block = 0; block < size; block++) this.#link(block);
  }

  get freeCount(): number {
    return this.#freeCount;
  }

  get usedCount(): number {
    return this.size - this.#freeCount;
  }

  /** How many holders a block has; 0 says that it is free. */
  holders(block: number): number {
    return this.#holders[block]!;
  }

  /** How many blocks are free once those of `shared` that are free have found a holder. */
  freeCountBesides(shared: readonly number[]): number {
    return this.#freeCount - shared.filter((block) => this.#holders[block] === 0).length;
  }

  /**
   * Holds each block of `shared` once more and takes the `count` blocks that have been free the longest.
   * Returns the taken ones, or `undefined` and changes nothing where there are too few.
   */
  take(count: number, shared: readonly number[] = []): number[] | undefined {
    if (this.freeCountBesides(shared) < count) return undefined;
    for (const block of shared) this.#hold(block);
    return Array.from({ length: count }, () => {
      const block = this.#next[this.size]!;
      this.#hold(block);
      return block;
    });
  }

  /** Lets go of a sequence's blocks; its tail is the first to be taken again, its head the last. */
  release(blocks: readonly number[]): void {
    for (let i = blocks.length - 1; i >= 0; i--) {
      const block = blocks[i]!;
      if (this.#holders[block] === 0) throw new Error(`block ${block} was released more often than taken`);
      this.#holders[block]!--;
      if (this.#holders[block] === 0) this.#link(block);
    }
  }

  /** Free blocks in the order in which they will be taken. */
  *free(): IterableIterator<number> {
    for (let block = this.#next[this.size]!; block !== this.size; block = this.#next[block]!) yield block;
  }

  /** Throws unless `tables`, the block tables of all holders, account for every block. */
  checkIntegrity(tables: Iterable<readonly number[]>): void {
    const named = new Uint32Array(this.size);
    for (const table of tables) for (const block of table) named[block]!++;
    const free = new Set<number>();
    for (const block of this.free()) {
      if (free.has(block)) throw new Error(`block ${block} stands in the free list twice`);
      free.add(block);
    }
    const held = named.filter((count) => count > 0).length;
    if (free.size !== this.#freeCount || free.size + held !== this.size) {
      throw new Error(
        `${this.size} blocks, but ${held} held + ${free.size} in the free list (counted ${this.#freeCount})`,
      );
    }
    for (let block = 0; block < this.size; block++) {
      const [expected, actual] = [named[block], this.#holders[block]];
      if (actual !== expected)
        throw new Error(`block ${block}: ${actual} holders, ${expected} tables name it`);
      if ((actual === 0) !== free.has(block)) throw new Error(`block ${block}: ${actual} holders, and free`);
    }
  }

  #hold(block: number): void {
    if (this.#holders[block]!++ > 0) return;
    const [next, previous] = [this.#next[block]!, this.#previous[block]!];
    this.#next[previous] = next;
    this.#previous[next] = previous;
    this.#freeCount--;
  }

  #link(block: number): void {
    const last = this.#previous[this.size]!;
    this.#next[last] = block;
    this.#previous[block] = last;
    this.#next[block] = this.size;
    this.#previous[this.size] = block;
    this.#freeCount++;
  }
}
