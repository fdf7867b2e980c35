import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, ModelError } from "../../../src/errors.ts";
import type { TensorInfo, TensorType } from "../../../src/store/model-folder.ts";
import { readSafetensors } from "../../../src/store/safetensors.ts";
import type { FileSource, TransferProgress } from "../../../src/store/source.ts";
import { streamTensors } from "../../../src/store/stream-tensors.ts";
import type { Bytes } from "../../support/memory-source.ts";
import { type Moods, MoodySource } from "../../support/moody-source.ts";
import { encodeSafetensors } from "../../support/safetensors.ts";

const FILE = "model.safetensors";
const LENGTHS = [40, 12, 200, 4, 96];
const NAMES = LENGTHS.map((_, i) => `t${i}`);
const contentOf = (i: number) => Uint8Array.from({ length: LENGTHS[i]! }, (_, at) => (i * 50 + at) % 256);
const SOUND = encodeSafetensors(
  NAMES.map((name, i) => ({ name, dtype: "F32", shape: [LENGTHS[i]! / 4], bytes: contentOf(i) })),
);

async function folderOf(
  source: FileSource,
): Promise<{ source: FileSource; tensors: Map<string, TensorInfo> }> {
  const stored = await readSafetensors(new MoodySource(SOUND, { chunkBytes: 4096 }), FILE);
  const tensors = stored!.map((tensor) => ({ ...tensor, type: tensor.type as TensorType }));
  return { source, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

/** Streams tensors and puts their pieces together again. */
async function collect(moods: Moods, names: readonly string[], pieceBytes = 64): Promise<Map<string, Bytes>> {
  const folder = await folderOf(new MoodySource(SOUND, moods));
  const whole = new Map(names.map((name) => [name, new Uint8Array(LENGTHS[NAMES.indexOf(name)]!)]));
  const sink = ({ name }: TensorInfo, offset: number, bytes: Bytes) => {
    expect(offset % 4).toBe(0);
    expect(bytes.length).toBeLessThanOrEqual(pieceBytes);
    whole.get(name)!.set(bytes, offset);
  };
  await streamTensors(folder, names, sink, { pieceBytes });
  return whole;
}

const expected = (names: readonly string[]) =>
  new Map(names.map((name) => [name, contentOf(NAMES.indexOf(name))]));

describe("streamTensors", () => {
  test("brings any tensors, in pieces of any size, over chunks of any size and connections of any length", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(NAMES),
        fc.integer({ min: 1, max: 60 }),
        fc.record({
          chunkBytes: fc.integer({ min: 1, max: 300 }),
          breaksAfterBytes: fc.constantFrom(Number.POSITIVE_INFINITY, 1, 30, 333),
        }),
        async (names, words, moods) => {
          expect(await collect(moods, names, 4 * words)).toEqual(expected(names));
        },
      ),
      { numRuns: 150, seed: 1 },
    );
  });

  test("a source without ranges is read once from its beginning", async () => {
    expect(await collect({ ignoresRanges: true }, ["t4", "t1"])).toEqual(expected(["t4", "t1"]));
  });

  test("reads no further while the sink is busy", async () => {
    const source = new MoodySource(SOUND, { chunkBytes: 16 });
    const sentBytes: number[] = [];
    const sink = async () => {
      const before = source.sentBytes;
      await new Promise((resolve) => setTimeout(resolve, 5));
      sentBytes.push(source.sentBytes - before);
    };
    await streamTensors(await folderOf(source), ["t2"], sink, { pieceBytes: 16 });
    expect(sentBytes).toHaveLength(Math.ceil(200 / 16));
    expect(Math.max(...sentBytes)).toBe(0);
  });

  test("tells its progress in bytes, from none to all", async () => {
    const progress: TransferProgress[] = [];
    const onProgress = (event: TransferProgress) => void progress.push(event);
    await streamTensors(await folderOf(new MoodySource(SOUND)), ["t0", "t2"], () => {}, {
      onProgress,
      pieceBytes: 100,
    });
    expect(progress.map(({ loadedBytes }) => loadedBytes)).toEqual([0, 40, 140, 240]);
    expect(new Set(progress.map(({ totalBytes }) => totalBytes))).toEqual(new Set([240]));
  });

  test("a file that ends within a tensor is refused, by the tensor's name and both numbers", async () => {
    const folder = await folderOf(new MoodySource(SOUND.slice(0, SOUND.length - 20)));
    const streaming = streamTensors(folder, NAMES, () => {});
    await expect(streaming).rejects.toThrow(ModelError);
    await expect(streaming).rejects.toThrow("ended within the tensor t4: 96 bytes were expected, 76 came");
  });

  test("a file that is gone, and a tensor that never was, are refused by name", async () => {
    const gone = await folderOf(new MoodySource(undefined));
    await expect(streamTensors(gone, ["t0"], () => {})).rejects.toThrow("has no model.safetensors any more");
    await expect(streamTensors(gone, ["t9"], () => {})).rejects.toThrow("lack the tensor t9");
  });

  test.each([0, -4, 6, 2.5, Number.NaN])("pieces of %d bytes are refused", async (pieceBytes) => {
    const folder = await folderOf(new MoodySource(SOUND));
    await expect(streamTensors(folder, ["t0"], () => {}, { pieceBytes })).rejects.toThrow(InputError);
  });

  test("a sink's error ends the streaming and closes the connection", async () => {
    const source = new MoodySource(SOUND);
    const streaming = streamTensors(await folderOf(source), NAMES, () => Promise.reject(new Error("full")));
    await expect(streaming).rejects.toThrow("full");
    expect(source.openCount).toBe(0);
  });

  test("an abort after any number of pieces rejects with its reason and closes the connection", async () => {
    for (let pieces = 0; pieces < 12; pieces++) {
      const source = new MoodySource(SOUND, { chunkBytes: 9 });
      const controller = new AbortController();
      let left = pieces;
      if (left === 0) controller.abort(new Error("enough"));
      const sink = () => {
        if (--left === 0) controller.abort(new Error("enough"));
      };
      const options = { signal: controller.signal, pieceBytes: 32 };
      await expect(streamTensors(await folderOf(source), NAMES, sink, options)).rejects.toThrow("enough");
      expect(source.openCount).toBe(0);
    }
  });
});
