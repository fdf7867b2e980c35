import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ModelError } from "../../../src/errors.ts";
import { readSafetensors } from "../../../src/store/safetensors.ts";
import type { ByteRange, FileSource } from "../../../src/store/source.ts";
import { type Bytes, memorySource } from "../../support/memory-source.ts";
import { encodeSafetensors, type FileTensor, joinSafetensors } from "../../support/safetensors.ts";

const FILE = "model.safetensors";
const read = (bytes: Bytes) => readSafetensors(memorySource(new Map([[FILE, bytes]])), FILE);

const floats = (name: string, ...shape: number[]): FileTensor => ({
  name,
  dtype: "F32",
  shape,
  bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
});

/** Ranges asked of a source, beside the source. */
function watched(source: FileSource): { source: FileSource; ranges: ByteRange[] } {
  const ranges: ByteRange[] = [];
  const open: FileSource["open"] = (path, options) => {
    if (options?.range) ranges.push(options.range);
    return source.open(path, options);
  };
  return { source: { label: source.label, open }, ranges };
}

describe("readSafetensors", () => {
  test("tells each tensor's type, shape and place in the file", async () => {
    const file = encodeSafetensors([floats("a", 2, 3), floats("b", 4)]);
    const dataStart = file.length - 40;
    expect(await read(file)).toEqual([
      { name: "a", type: "F32", shape: [2, 3], file: FILE, start: dataStart, end: dataStart + 24 },
      { name: "b", type: "F32", shape: [4], file: FILE, start: dataStart + 24, end: dataStart + 40 },
    ]);
  });

  test("takes tensors of no dimension, of no element, and of types nobody computes with", async () => {
    const odd = [
      floats("scalar"),
      floats("empty", 0, 8),
      { name: "fp4", dtype: "F4", shape: [6], bytes: new Uint8Array(3) },
      { name: "mask", dtype: "BOOL", shape: [5], bytes: new Uint8Array(5) },
    ];
    const tensors = await read(encodeSafetensors(odd));
    expect(tensors?.map(({ name }) => name).sort()).toEqual(["empty", "fp4", "mask", "scalar"]);
  });

  test("reads a header longer than its first read, and no byte behind it", async () => {
    const many = Array.from({ length: 2000 }, (_, i) => floats(`model.layers.${i}.weight`, 1));
    const file = encodeSafetensors(many);
    const dataStart = file.length - 4 * many.length;
    expect(dataStart).toBeGreaterThan(64 * 1024);
    const { source, ranges } = watched(memorySource(new Map([[FILE, file]])));
    expect(await readSafetensors(source, FILE)).toHaveLength(2000);
    expect(Math.max(...ranges.map(({ end }) => end))).toBe(dataStart);
  });

  test("no file is no tensors", async () => {
    expect(await readSafetensors(memorySource(new Map()), FILE)).toBeUndefined();
  });

  test("a name given twice leaves the gap of the first", async () => {
    const entry = (from: number) => `"a":{"dtype":"F32","shape":[1],"data_offsets":[${from},${from + 4}]}`;
    await expect(read(joinSafetensors(`{${entry(0)},${entry(4)}}`, [new Uint8Array(8)]))).rejects.toThrow(
      "between the header and the tensor a is a gap of 4 bytes",
    );
  });
});

describe("any bytes at all", () => {
  const sound = encodeSafetensors([floats("a", 8, 4), floats("b", 16), floats("c", 2)]);

  /** Tensors that lie within the file, or a ModelError. */
  async function tensorsOrRefusal(bytes: Bytes): Promise<void> {
    try {
      const tensors = await read(bytes);
      for (const { start, end } of tensors!) {
        expect(start).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(bytes.length);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(ModelError);
    }
  }

  const flip = fc.record({ at: fc.nat(sound.length - 1), value: fc.integer({ min: 0, max: 255 }) });

  test("a sound file with bytes changed is read within its bounds or refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 6 }), async (flips) => {
        const bytes = sound.slice();
        for (const { at, value } of flips) bytes[at] = value;
        await tensorsOrRefusal(bytes);
      }),
      { numRuns: 3000, seed: 1 },
    );
  });

  test("a sound file cut anywhere is refused", async () => {
    for (let length = 0; length < sound.length; length++) {
      await expect(read(sound.slice(0, length))).rejects.toBeInstanceOf(ModelError);
    }
  });

  test("a header of any JSON is read or refused", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json(), fc.nat(64), (json, length) =>
        tensorsOrRefusal(joinSafetensors(json, [new Uint8Array(length)])),
      ),
      { numRuns: 1000, seed: 1 },
    );
  });

  test("an entry of any numbers is read within the file or refused", async () => {
    const number = fc.oneof(fc.integer(), fc.double(), fc.nat(40), fc.constantFrom(2 ** 53, -0, 1e308));
    const entry = fc.record({
      dtype: fc.constantFrom("F32", "F4", "U8", "BOOL", "F64", 7, null),
      shape: fc.oneof(fc.array(number, { maxLength: 4 }), number),
      data_offsets: fc.oneof(fc.tuple(number, number), fc.array(number, { maxLength: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 3 }), fc.nat(64), (entries, length) => {
        const header = Object.fromEntries(entries.map((value, i) => [`t${i}`, value]));
        return tensorsOrRefusal(joinSafetensors(JSON.stringify(header), [new Uint8Array(length)]));
      }),
      { numRuns: 2000, seed: 1 },
    );
  });
});
