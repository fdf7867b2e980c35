/** A full block's tokens and, through `parent`, all tokens before them. */
export interface Prefix {
  readonly salt: string;
  readonly parent: Prefix | undefined;
  readonly tokens: readonly number[];
  readonly hash: number;
}

/** Hashes a block's tokens on top of the hash of what stands before them. */
export type ChainHash = (seed: number, tokens: readonly number[]) => number;

interface CachedBlock {
  readonly prefix: Prefix;
  readonly block: number;
  /** The step that writes the block. */
  readonly step: number;
}

/** What the cache holds of a sequence. */
export interface PrefixMatch {
  readonly blocks: readonly number[];
  /** The block after those is being written by the step under way: a step later the match is longer. */
  readonly growing: boolean;
}

/**
 * Finds the blocks that already hold the keys and values of a prompt's beginning.
 *
 * A full block is filed under the chained hash of its tokens and all before them, and stays findable after its
 * last holder let go, until the pool hands it out again.
 */
export class PrefixCache {
  queriedTokens = 0;
  hitTokens = 0;
  readonly #hash: ChainHash;
  readonly #byHash = new Map<number, CachedBlock>();
  readonly #byBlock = new Map<number, CachedBlock>();
  #step = 0;

  constructor(
    readonly blockSize: number,
    hash: ChainHash = chainHash,
  ) {
    this.#hash = hash;
  }

  /** Blocks that can be found. */
  get blockCount(): number {
    return this.#byBlock.size;
  }

  /** Share of the prompt tokens looked up so far that were found. */
  get hitRate(): number {
    return this.queriedTokens === 0 ? 0 : this.hitTokens / this.queriedTokens;
  }

  /** Blocks filed from now on are written by a new step; those filed before can be read by it. */
  beginStep(): void {
    this.#step++;
  }

  /**
   * The longest beginning of `tokens` that is cached: whole blocks, and never all tokens, because the last one
   * must be computed for its logits. `chain` is extended, and kept by the caller for the next time.
   */
  find(chain: Prefix[], tokens: readonly number[], salt: string): PrefixMatch {
    const blocks: number[] = [];
    const limit = Math.floor((tokens.length - 1) / this.blockSize);
    for (let i = 0; i < limit; i++) {
      const cached = this.#lookUp(this.#prefix(chain, i, tokens, salt));
      if (!cached) break;
      if (cached.step === this.#step) return { blocks, growing: true };
      chain[i] = cached.prefix;
      blocks.push(cached.block);
    }
    return { blocks, growing: false };
  }

  /** Files the full blocks among a sequence's first `computedTokens`, from block `from` on; returns their end. */
  file(
    sequence: {
      readonly chain: Prefix[];
      readonly tokens: readonly number[];
      readonly salt: string;
      readonly blocks: readonly number[];
    },
    from: number,
    computedTokens: number,
  ): number {
    const { chain, tokens, salt, blocks } = sequence;
    const end = Math.floor(Math.min(computedTokens, tokens.length) / this.blockSize);
    for (let i = from; i < end; i++) {
      const prefix = this.#prefix(chain, i, tokens, salt);
      const block = blocks[i]!;
      if (this.#byHash.has(prefix.hash) || this.#byBlock.has(block)) continue;
      const cached = { prefix, block, step: this.#step };
      this.#byHash.set(prefix.hash, cached);
      this.#byBlock.set(block, cached);
    }
    return Math.max(from, end);
  }

  /** Forgets blocks that were handed out to be written anew. */
  evict(blocks: readonly number[]): void {
    for (const block of blocks) {
      const cached = this.#byBlock.get(block);
      if (!cached) continue;
      this.#byBlock.delete(block);
      this.#byHash.delete(cached.prefix.hash);
    }
  }

  /** Forgets everything, for when what the blocks hold is in doubt. */
  clear(): void {
    this.#byBlock.clear();
    this.#byHash.clear();
  }

  /** Throws unless each block is full and filed once, under the hash of its chain. */
  checkIntegrity(): void {
    if (this.#byHash.size !== this.#byBlock.size) {
      throw new Error(`${this.#byBlock.size} cached blocks under ${this.#byHash.size} hashes`);
    }
    for (const cached of this.#byBlock.values()) {
      const { block, prefix } = cached;
      if (this.#byHash.get(prefix.hash) !== cached) throw new Error(`block ${block} cannot be found`);
      for (let at: Prefix | undefined = prefix; at; at = at.parent) {
        const hash = this.#hash(at.parent?.hash ?? saltHash(at.salt), at.tokens);
        const full = at.tokens.length === this.blockSize && at.salt === prefix.salt;
        if (!full || hash !== at.hash)
          throw new Error(`block ${block} is filed under ${at.hash}, not ${hash}`);
      }
    }
  }

  #lookUp(prefix: Prefix): CachedBlock | undefined {
    const cached = this.#byHash.get(prefix.hash);
    return cached && samePrefix(cached.prefix, prefix) ? cached : undefined;
  }

  /** Block `index` of a chain, whose earlier blocks are there. */
  #prefix(chain: Prefix[], index: number, tokens: readonly number[], salt: string): Prefix {
    for (let i = chain.length; i <= index; i++) {
      const parent = chain[i - 1];
      const own = tokens.slice(i * this.blockSize, (i + 1) * this.blockSize);
      chain.push({ salt, parent, tokens: own, hash: this.#hash(parent?.hash ?? saltHash(salt), own) });
    }
    return chain[index]!;
  }
}

/** FNV-1a over 32-bit words with a final mix (Appleby's murmur3), cut to an unsigned 32-bit integer. */
export function chainHash(seed: number, tokens: readonly number[]): number {
  let hash = seed ^ 0x811c9dc5;
  for (const token of tokens) hash = Math.imul(hash ^ token ^ (hash >>> 15), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function saltHash(salt: string): number {
  return chainHash(
    salt.length,
    Array.from(salt, (character) => character.codePointAt(0)!),
  );
}

/** Chains share their beginnings as a rule, so this seldom looks further than one block. */
function samePrefix(a: Prefix | undefined, b: Prefix | undefined): boolean {
  let [left, right] = [a, b];
  while (left !== right) {
    if (!left || !right || left.hash !== right.hash || left.salt !== right.salt) return false;
    const other = right.tokens;
    if (left.tokens.some((token, i) => token !== other[i])) return false;
    [left, right] = [left.parent, right.parent];
  }
  return true;
}
