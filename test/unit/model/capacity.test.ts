import { expect, test } from "vitest";
import { CapacityError } from "../../../src/errors.ts";
import { checkCapacity, MOST_MEMORY_BYTES, mostMemoryBytes } from "../../../src/model/capacity.ts";

const LIMITS = { maxBufferSize: 1000, maxStorageBufferBindingSize: 500 };
const NEEDS = { weightBytes: 600, kvBytes: 300, scratch: { logits: 60, mlp: 40 } };

test("what fits to the byte is let through", () => {
  expect(() => checkCapacity(NEEDS, LIMITS, 1000)).not.toThrow();
});

test("what needs a byte more is refused with both numbers", () => {
  expect(() => checkCapacity(NEEDS, LIMITS, 999)).toThrow(CapacityError);
  expect(() => checkCapacity(NEEDS, LIMITS, 999)).toThrow(
    "needs 1000 bytes of memory (600 of weights, 300 of KV cache, 100 to compute in) and this device has at most 999",
  );
});

test("a buffer larger than the device binds is refused by name", () => {
  const needs = { ...NEEDS, scratch: { ...NEEDS.scratch, logits: 501 } };
  expect(() => checkCapacity(needs, LIMITS, 10_000)).toThrow(
    "needs a buffer of 501 bytes (logits) and the device's largest is 500",
  );
});

test.each([
  [2, 3 * 2 ** 30],
  [4, 6 * 2 ** 30],
  [8, MOST_MEMORY_BYTES],
  [undefined, MOST_MEMORY_BYTES],
])("of %o GB that the browser tells, a machine may have at most %d bytes", (told, most) => {
  expect(mostMemoryBytes(told)).toBe(most);
});
