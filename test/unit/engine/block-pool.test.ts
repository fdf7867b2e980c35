import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BlockPool } from "../../../src/engine/block-pool.ts";

describe("BlockPool", () => {
  test("hands out the blocks that have been free the longest, a released tail before its head", () => {
    const pool = new BlockPool(5);
    expect(pool.take(3)).toEqual([0, 1, 2]);
    pool.release([0, 1, 2]);
    expect(pool.take(5)).toEqual([3, 4, 2, 1, 0]);
  });

  test("a shared block leaves the free list and returns to its end when the last holder lets go", () => {
    const pool = new BlockPool(3);
    pool.release(pool.take(3)!);
    expect([...pool.free()]).toEqual([2, 1, 0]);
    expect(pool.take(0, [2])).toEqual([]);
    expect(pool.take(0, [2])).toEqual([]);
    pool.release([2]);
    expect([...pool.free()]).toEqual([1, 0]);
    pool.release([2]);
    expect([...pool.free()]).toEqual([1, 0, 2]);
  });

  test("a take that asks for too much changes nothing, the order of the free list included", () => {
    const pool = new BlockPool(4);
    pool.release(pool.take(4)!);
    expect(pool.take(3, [3, 1])).toBeUndefined();
    expect([...pool.free()]).toEqual([3, 2, 1, 0]);
    pool.checkIntegrity([]);
  });

  test("releasing a free block throws", () => {
    expect(() => new BlockPool(2).release([1])).toThrow("block 1 was released more often than taken");
  });

  test("checkIntegrity names the block and the numbers that disagree", () => {
    const pool = new BlockPool(4);
    const table = pool.take(2)!;
    pool.checkIntegrity([table]);
    expect(() => pool.checkIntegrity([])).toThrow("4 blocks, but 0 held + 2 in the free list");
    expect(() => pool.checkIntegrity([table, table])).toThrow("block 0: 1 holders, 2 tables name it");
  });

  test("every block is free or held as often as tables name it, and eviction is by age, in random use", () => {
    const operation = fc.record({
      kind: fc.constantFrom("take", "release", "share"),
      count: fc.nat(6),
      which: fc.nat(20),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.array(operation, { maxLength: 60 }),
        (size, operations) => {
          const pool = new BlockPool(size);
          const tables: number[][] = [];
          // The plain model: free blocks in the order in which they were released.
          let free = Array.from({ length: size }, (_, block) => block);
          for (const { kind, count, which } of operations) {
            const table = tables[which % Math.max(1, tables.length)];
            if (kind === "take") {
              const taken = pool.take(count);
              expect(taken).toEqual(count <= free.length ? free.slice(0, count) : undefined);
              if (!taken) continue;
              free = free.slice(count);
              tables.push(taken);
            } else if (kind === "share" && table) {
              const head = table.slice(0, count);
              expect(pool.take(0, head)).toEqual([]);
              tables.push(head);
            } else if (table) {
              tables.splice(tables.indexOf(table), 1);
              pool.release(table);
              free.push(
                ...table.toReversed().filter((block) => !tables.some((other) => other.includes(block))),
              );
            }
            pool.checkIntegrity(tables);
            expect([...pool.free()]).toEqual(free);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
