import { describe, expect, test } from "vitest";
import { ModelError } from "../../../src/errors.ts";
import { FileCursor } from "../../../src/store/file-cursor.ts";
import { MoodySource } from "../../support/moody-source.ts";
import { concatenate } from "../../support/safetensors.ts";

const FILE = Uint8Array.from({ length: 100 }, (_, i) => i);

/** What a cursor brings of the stretch [start, end). */
async function readStretch(cursor: FileCursor, start: number, end: number): Promise<number[]> {
  await cursor.seek(start, end);
  const chunks: Uint8Array[] = [];
  for (let chunk = await cursor.read(); chunk; chunk = await cursor.read()) chunks.push(chunk);
  return [...concatenate(chunks)];
}

const bytes = (start: number, end: number) => [...FILE.subarray(start, end)];

describe("FileCursor", () => {
  test("reads stretches by a request each, and no byte outside them", async () => {
    const source = new MoodySource(FILE);
    const cursor = new FileCursor(source, "file");
    expect(await readStretch(cursor, 3, 20)).toEqual(bytes(3, 20));
    expect(await readStretch(cursor, 50, 60)).toEqual(bytes(50, 60));
    expect(cursor.sizeBytes).toBe(100);
    expect(source.ranges).toEqual([
      { start: 3, end: 20 },
      { start: 50, end: 60 },
    ]);
    expect(source.sentBytes).toBe(27);
  });

  test("hands out no more than was asked for at once", async () => {
    const cursor = new FileCursor(new MoodySource(FILE, { chunkBytes: 40 }), "file");
    await cursor.seek(0, 50);
    const lengths: number[] = [];
    for (let chunk = await cursor.read(15); chunk; chunk = await cursor.read(15)) lengths.push(chunk.length);
    expect(lengths).toEqual([15, 15, 10, 10]);
  });

  test("an infinite stretch is the whole file, asked for without a range", async () => {
    const source = new MoodySource(FILE);
    expect(await readStretch(new FileCursor(source, "file"), 0, Number.POSITIVE_INFINITY)).toEqual([...FILE]);
    expect(source.ranges).toEqual([undefined]);
  });

  test("a missing file is no stretch", async () => {
    expect(await new FileCursor(new MoodySource(undefined), "file").seek(0, 10)).toBe(false);
  });

  test("a source without ranges is read over in one connection", async () => {
    const source = new MoodySource(FILE, { ignoresRanges: true });
    const cursor = new FileCursor(source, "file");
    expect(await readStretch(cursor, 10, 20)).toEqual(bytes(10, 20));
    expect(await readStretch(cursor, 70, 80)).toEqual(bytes(70, 80));
    expect(source.ranges).toHaveLength(1);
  });

  test("goes on where a connection broke off", async () => {
    const source = new MoodySource(FILE, { breaksAfterBytes: 30 });
    expect(await readStretch(new FileCursor(source, "file"), 5, 95)).toEqual(bytes(5, 95));
    expect(source.ranges.map((range) => range?.start)).toEqual([5, 35, 65]);
  });

  test("goes on where a source ended early without an error", async () => {
    const source = new MoodySource(FILE, { endsAfterBytes: 30 });
    expect(await readStretch(new FileCursor(source, "file"), 5, 95)).toEqual(bytes(5, 95));
  });

  test("a whole file goes on by a range", async () => {
    const source = new MoodySource(FILE, { breaksAfterBytes: 60 });
    expect(await readStretch(new FileCursor(source, "file"), 0, Number.POSITIVE_INFINITY)).toEqual([...FILE]);
    expect(source.ranges).toEqual([undefined, { start: 60, end: Number.POSITIVE_INFINITY }]);
  });

  test("gives up, with the connection's own error, on a source that brings nothing any more", async () => {
    const source = new MoodySource(FILE, { breaksAtByte: 40 });
    await expect(readStretch(new FileCursor(source, "file"), 5, 95)).rejects.toThrow("broke off at byte 40");
    expect(source.ranges).toHaveLength(2);
  });

  test("does not start over where a broken source has no ranges", async () => {
    const source = new MoodySource(FILE, { ignoresRanges: true, breaksAfterBytes: 30 });
    await expect(readStretch(new FileCursor(source, "file"), 5, 95)).rejects.toThrow("broke off at byte 30");
    expect(source.ranges).toHaveLength(1);
  });

  test("a file that ends before the stretch does brings what it has", async () => {
    expect(await readStretch(new FileCursor(new MoodySource(FILE), "file"), 90, 120)).toEqual(bytes(90, 100));
  });

  test("refuses an answer that begins behind the byte asked for, and closes it", async () => {
    const source = new MoodySource(FILE, { misplacedBytes: 4 });
    const cursor = new FileCursor(source, "file");
    const reading = cursor.seek(10, 20).finally(() => cursor.close());
    await expect(reading).rejects.toThrow(ModelError);
    await expect(reading).rejects.toThrow(/asked for from byte 10 and came from byte 14/);
    expect(source.openCount).toBe(0);
  });

  test("reads over the bytes before an answer that begins too early", async () => {
    const source = new MoodySource(FILE, { misplacedBytes: -4 });
    expect(await readStretch(new FileCursor(source, "file"), 10, 20)).toEqual(bytes(10, 20));
  });

  test("an abort rejects with its reason, even where the source takes no notice, and closes the connection", async () => {
    const source = new MoodySource(FILE, { stallsAtByte: 40 });
    const controller = new AbortController();
    const cursor = new FileCursor(source, "file", controller.signal);
    const reading = readStretch(cursor, 5, 95).finally(() => cursor.close());
    await source.stalled;
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
    expect(source.openCount).toBe(0);
  });
});
