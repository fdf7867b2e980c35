import { beforeAll, describe, it } from "vitest";
import type { SequenceStep } from "../../src/engine/step.ts";
import { attention, partialBytes } from "../../src/kernels/attention.ts";
import type { KvType } from "../../src/kernels/attention-layout.ts";
import { attentionSetup } from "../../src/kernels/attention-setup.ts";
import { ropeKvWrite, rotationTable } from "../../src/kernels/rope-kv-write.ts";
import { StepWriter } from "../../src/model/step-writer.ts";
import { rotate } from "../reference/rope.ts";
import { expectClose } from "../support/close.ts";
import { TestGpu } from "../support/gpu.ts";
import { Random } from "../support/random.ts";
import { kernelContext } from "../support/step.ts";
import { TOLERANCES } from "../support/tolerance.ts";

interface Geometry {
  headCount: number;
  kvHeadCount: number;
  headDim: number;
}

const geometries: Geometry[] = [
  { headCount: 8, kvHeadCount: 4, headDim: 8 },
  { headCount: 4, kvHeadCount: 4, headDim: 32 },
  { headCount: 6, kvHeadCount: 2, headDim: 64 },
  { headCount: 3, kvHeadCount: 1, headDim: 80 },
];

/** (input tokens, position of the first) of each sequence. */
const batches: [number, number][][] = [
  [[1, 0]],
  [
    [1, 37],
    [1, 130],
    [5, 0],
  ],
  [
    [1, 15],
    [3, 14],
    [40, 17],
  ],
];

const BLOCK_SIZE = 16;

describe("keys and values go to their slots, and attention reads them back", () => {
  let test: TestGpu;
  beforeAll(async () => {
    test = await TestGpu.open();
  });

  // The storage types in turn: it is compiling that takes the time.
  const kvTypes = ["f32", "f16", "int8"] as const;
  for (const [g, geometry] of geometries.entries()) {
    const kvType = kvTypes[g % kvTypes.length]!;
    for (const batch of batches) {
      const { headCount, kvHeadCount, headDim } = geometry;
      const lengths = batch.map(([count, position]) => `${count}@${position}`).join(" ");
      it(`${headCount}/${kvHeadCount} heads of ${headDim}, ${kvType} cache, sequences ${lengths}`, async () => {
        await check(test, geometry, kvType, batch);
      });
    }
  }
});

/**
 * Feeds each sequence from its beginning, one step for what came before and one for the batch, and compares the
 * batch's output with attention over the whole context in f64.
 */
async function check(test: TestGpu, geometry: Geometry, kvType: KvType, batch: [number, number][]) {
  const { headCount, kvHeadCount, headDim } = geometry;
  const random = new Random(headDim + batch.length);
  const rowLen = (headCount + 2 * kvHeadCount) * headDim;
  const frequencies = Array.from({ length: headDim / 2 }, (_, i) => 10_000 ** ((-2 * i) / headDim));
  const sequences = batch.map(([count, position], i) => {
    const qkv = Array.from({ length: position + count }, () => random.normals(rowLen));
    const blocks = Array.from(
      { length: Math.ceil((position + count) / BLOCK_SIZE) },
      (_, b) => b * batch.length + i,
    );
    return { qkv, blocks: blocks.reverse(), count, position, slot: i };
  });
  const blockCount = batch.length * 12;
  const vectors = blockCount * BLOCK_SIZE * kvHeadCount;
  const cacheWords = (vectors * headDim) / { f32: 1, f16: 2, int8: 4 }[kvType];
  const cache = {
    keys: test.poisoned(cacheWords),
    values: test.poisoned(cacheWords),
    scales: kvType === "int8" ? test.poisoned(2 * vectors) : undefined,
  };
  const context = kernelContext(test);
  const form = { ...geometry, kvType, blockSize: BLOCK_SIZE, scale: headDim ** -0.5 };
  const setup = attentionSetup(context, form, {}, { maxSequences: batch.length, contextLen: 2048 });
  const partials = test.poisoned(partialBytes(form, setup.scratchRows) / 4);
  const rotations = test.upload(rotationTable(frequencies, 2048));
  const run = async (part: readonly { qkv: Float64Array[]; step: Omit<SequenceStep, "sampling"> }[]) => {
    const rows = part.flatMap(({ qkv }) => qkv);
    const query = test.poisoned(rows.length * headCount * headDim);
    const output = test.poisoned(rows.length * headCount * headDim);
    const qkv = test.upload(Float32Array.from(rows.flatMap((row) => [...row])));
    const writer = new StepWriter(65_536, BLOCK_SIZE, batch.length, setup);
    const shape = writer.write({ sequences: part.map(({ step }) => step as SequenceStep) });
    const launches = [
      ropeKvWrite(context, { ...form, qkv, rotations, query, ...cache }),
      ...attention(context, { ...form, ...cache, query, output, partials }, setup),
    ];
    await test.run(launches, test.stepBuffer(writer.metadata.words), shape);
    return (await test.readFloats(output)).subarray(0, rows.length * headCount * headDim);
  };
  const stepOf = (s: (typeof sequences)[number], from: number, to: number) => ({
    qkv: s.qkv.slice(from, to),
    step: {
      slot: s.slot,
      tokens: new Array(to - from).fill(0),
      position: from,
      blocks: s.blocks,
      sampleCount: 0,
    },
  });
  const earlier = sequences.filter(({ position }) => position > 0).map((s) => stepOf(s, 0, s.position));
  if (earlier.length > 0) await run(earlier);
  const got = await run(sequences.map((s) => stepOf(s, s.position, s.position + s.count)));
  const wanted = sequences.flatMap((s) =>
    Array.from({ length: s.count }, (_, i) => attend(s.qkv, s.position + i, geometry, frequencies)).flat(),
  );
  expectClose(got, wanted, TOLERANCES[kvType]);
}

/** Softmax attention of the token at `position` over itself and all before it, `[headCount * headDim]`. */
function attend(qkv: Float64Array[], position: number, geometry: Geometry, frequencies: number[]): number[] {
  const { headCount, kvHeadCount, headDim } = geometry;
  const at = (row: Float64Array, head: number) => row.subarray(head * headDim, (head + 1) * headDim);
  return Array.from({ length: headCount }, (_, head) => {
    const kvHead = headCount + Math.floor(head / (headCount / kvHeadCount));
    const query = rotate(at(qkv[position]!, head), position, frequencies);
    const scores = qkv.slice(0, position + 1).map((row, j) => {
      const key = rotate(at(row, kvHead), j, frequencies);
      return query.reduce((sum, value, i) => sum + value * key[i]!, 0) * headDim ** -0.5;
    });
    const peak = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - peak));
    const total = weights.reduce((a, b) => a + b, 0);
    return Array.from({ length: headDim }, (_, i) =>
      weights.reduce((sum, w, j) => sum + (w / total) * at(qkv[j]!, kvHead + kvHeadCount)[i]!, 0),
    );
  }).flat();
}
