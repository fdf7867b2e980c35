import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chainHash, type Prefix, PrefixCache } from "../../../src/engine/prefix-cache.ts";

const BLOCK_SIZE = 2;

function file(cache: PrefixCache, tokens: readonly number[], blocks: readonly number[], salt = ""): void {
  cache.beginStep();
  cache.file({ chain: [], tokens, blocks, salt }, 0, tokens.length);
  cache.beginStep();
}

const found = (cache: PrefixCache, tokens: readonly number[], salt = "") =>
  cache.find([], tokens, salt).blocks;

describe("PrefixCache", () => {
  test("finds the longest beginning in whole blocks, and never all tokens", () => {
    const cache = new PrefixCache(BLOCK_SIZE);
    file(cache, [1, 2, 3, 4, 5], [7, 8, 9]);
    expect(cache.blockCount).toBe(2);
    expect(found(cache, [1, 2, 3, 4, 9, 9])).toEqual([7, 8]);
    expect(found(cache, [1, 2, 3, 4])).toEqual([7]);
    expect(found(cache, [1, 2, 9, 4, 5])).toEqual([7]);
    expect(found(cache, [3, 4, 5])).toEqual([]);
  });

  test("the same tokens after another beginning are another block", () => {
    const cache = new PrefixCache(BLOCK_SIZE);
    file(cache, [1, 2, 5, 6], [0, 1]);
    file(cache, [3, 4, 5, 6], [2, 3]);
    expect(found(cache, [1, 2, 5, 6, 0])).toEqual([0, 1]);
    expect(found(cache, [3, 4, 5, 6, 0])).toEqual([2, 3]);
  });

  test("never finds anything across salts", () => {
    const cache = new PrefixCache(BLOCK_SIZE);
    file(cache, [1, 2, 3], [0], "alice");
    expect(found(cache, [1, 2, 3], "bob")).toEqual([]);
    expect(found(cache, [1, 2, 3])).toEqual([]);
    expect(found(cache, [1, 2, 3], "alice")).toEqual([0]);
  });

  test("forgets evicted blocks; what follows them cannot be reached", () => {
    const cache = new PrefixCache(BLOCK_SIZE);
    file(cache, [1, 2, 3, 4, 5, 6], [0, 1, 2]);
    cache.evict([1]);
    expect(found(cache, [1, 2, 3, 4, 5, 6, 7])).toEqual([0]);
  });

  test("a block filed in this step is not found before the next one", () => {
    const cache = new PrefixCache(BLOCK_SIZE);
    cache.beginStep();
    cache.file({ chain: [], tokens: [1, 2, 3], blocks: [0, 1], salt: "" }, 0, 3);
    expect(cache.find([], [1, 2, 3], "")).toEqual({ blocks: [], growing: true });
    cache.beginStep();
    expect(cache.find([], [1, 2, 3], "")).toEqual({ blocks: [0], growing: false });
  });

  test("files only blocks whose tokens are all computed", () => {
    const cache = new PrefixCache(BLOCK_SIZE);
    const sequence = { chain: [] as Prefix[], tokens: [1, 2, 3, 4, 5, 6], blocks: [0, 1, 2], salt: "" };
    expect(cache.file(sequence, 0, 3)).toBe(1);
    expect(cache.file(sequence, 1, 99)).toBe(3);
    expect(cache.blockCount).toBe(3);
  });

  test("stays right when every hash collides", () => {
    const cache = new PrefixCache(BLOCK_SIZE, () => 42);
    file(cache, [1, 2, 3, 4], [0, 1]);
    expect(found(cache, [1, 2, 3, 4, 5])).toEqual([0]);
    expect(found(cache, [8, 9, 3, 4, 5])).toEqual([]);
  });

  test("agrees with a plain search through all texts filed, whatever the quality of the hash", () => {
    const text = fc.array(fc.nat(2), { minLength: 1, maxLength: 9 });
    const salt = fc.constantFrom("", "a", "b");
    const filed = fc.array(fc.record({ text, salt }), { maxLength: 8 });
    fc.assert(
      fc.property(filed, text, salt, fc.constantFrom(0, 2, 32), (texts, wanted, wantedSalt, hashBits) => {
        const cache = new PrefixCache(BLOCK_SIZE, (seed, tokens) =>
          hashBits === 0 ? 0 : chainHash(seed, tokens) >>> (32 - hashBits),
        );
        let next = 0;
        const contents = new Map<number, string>();
        for (const { text, salt } of texts) {
          const blocks = text.map((_, i) => {
            contents.set(next, JSON.stringify([salt, text.slice(0, (i + 1) * BLOCK_SIZE)]));
            return next++;
          });
          file(cache, text, blocks, salt);
        }
        const { blocks } = cache.find([], wanted, wantedSalt);
        expect(blocks.length * BLOCK_SIZE).toBeLessThan(wanted.length);
        for (const [i, block] of blocks.entries()) {
          const held = JSON.stringify([wantedSalt, wanted.slice(0, (i + 1) * BLOCK_SIZE)]);
          expect(contents.get(block)).toBe(held);
        }
        if (hashBits < 32) return; // colliding blocks may go unfiled, which costs time and nothing else
        const limit = Math.floor((wanted.length - 1) / BLOCK_SIZE);
        const all = new Set(
          texts.flatMap(({ text, salt }) => text.map((_, i) => JSON.stringify([salt, text.slice(0, i + 1)]))),
        );
        const longest = Array.from({ length: limit }, (_, i) => (i + 1) * BLOCK_SIZE).filter((length) =>
          all.has(JSON.stringify([wantedSalt, wanted.slice(0, length)])),
        );
        expect(blocks.length).toBe(longest.length);
      }),
      { numRuns: 1000 },
    );
  });
});
