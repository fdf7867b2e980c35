import { describe, expect, test } from "vitest";
import type { AttentionTuning } from "../../../src/kernels/attention-plan.ts";
import { searchTuning, storedTuning, tuningKey } from "../../../src/kernels/attention-tuner.ts";

const start: AttentionTuning = {
  baseline: { rows: 16, keys: 32 },
  prefill: { rows: 64, keys: 32 },
  decode: { rows: 16, keys: 16 },
  workgroupTarget: 512,
  minSegmentLen: 64,
};

const candidates = {
  prefill: [
    { rows: 32, keys: 32 },
    { rows: 128, keys: 16 },
  ],
  decode: [
    { rows: 4, keys: 16 },
    { rows: 8, keys: 32 },
  ],
  workgroupTargets: [256, 1024],
};

/** Prompts like 128 rows, decode 8 rows and many workgroups. */
async function time(part: "prefill" | "decode", tuning: AttentionTuning): Promise<number> {
  if (part === "prefill") return 1000 / tuning.prefill.rows;
  return Math.abs(tuning.decode.rows - 8) + 2000 / tuning.workgroupTarget;
}

describe("searchTuning", () => {
  test("finds the best of each part by itself", async () => {
    const best = await searchTuning(start, candidates, time, () => true);
    expect(best).toEqual({
      ...start,
      prefill: { rows: 128, keys: 16 },
      decode: { rows: 8, keys: 32 },
      workgroupTarget: 1024,
    });
  });

  test("does not give up the default for a gain that may be chance", async () => {
    const flat = async (_part: string, tuning: AttentionTuning) => (tuning === start ? 100 : 97);
    expect(await searchTuning(start, candidates, flat, () => true)).toEqual(start);
  });

  test("ends when its time is up, with what it has by then", async () => {
    let left = 4;
    const best = await searchTuning(start, candidates, time, () => left-- > 0);
    expect(best).toEqual({ ...start, prefill: { rows: 128, keys: 16 } });
  });
});

describe("a stored tuning", () => {
  const store = (text: string | undefined) => ({
    read: async () => text,
    write: async () => {},
    remove: async () => {},
  });

  test("comes back as it was", async () => {
    expect(await storedTuning(store(JSON.stringify(start)), "key")).toEqual(start);
  });

  test.each([
    undefined,
    "",
    "{",
    "null",
    "[]",
    JSON.stringify({ ...start, workgroupTarget: 0 }),
    JSON.stringify({ ...start, decode: { rows: 4 } }),
    JSON.stringify({ ...start, prefill: { rows: 64, keys: 24 } }),
    JSON.stringify({ ...start, prefill: { rows: 1e9, keys: 32 } }),
  ])("that makes no sense counts as none: %s", async (text) => {
    expect(await storedTuning(store(text), "key")).toBeUndefined();
  });

  test("is kept by adapter, driver and what is computed", () => {
    const adapter = { vendor: "v", architecture: "a", description: "driver 1", software: false };
    const form = {
      headCount: 8,
      kvHeadCount: 2,
      headDim: 64,
      blockSize: 16,
      kvType: "f16",
      scale: 1,
    } as const;
    const keys = [
      tuningKey(adapter, form),
      tuningKey({ ...adapter, description: "driver 2" }, form),
      tuningKey(adapter, { ...form, headDim: 128 }),
      tuningKey(adapter, { ...form, kvType: "int8" }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
