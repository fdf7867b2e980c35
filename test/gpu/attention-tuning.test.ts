import { beforeAll, expect, it } from "vitest";
import type { Gpu } from "../../src/gpu/device.ts";
import { attentionTuning } from "../../src/runtime/attention-tuning.ts";
import { TestGpu } from "../support/gpu.ts";

const form = { headCount: 2, kvHeadCount: 2, headDim: 8, blockSize: 16, kvType: "f32", scale: 0.5 } as const;

let gpu: Gpu;
beforeAll(async () => {
  ({ gpu } = await TestGpu.open());
});

function memoryStore() {
  const texts = new Map<string, string>();
  return {
    texts,
    read: async (key: string) => texts.get(key),
    write: async (key: string, text: string) => void texts.set(key, text),
    remove: async (key: string) => void texts.delete(key),
  };
}

it("is measured on demand, kept, found by the next load, and forgotten when that is asked for", async () => {
  const store = memoryStore();
  const hardware = { ...gpu, adapter: { ...gpu.adapter, software: false } };
  const measured = await attentionTuning(gpu, form, "measured", store);
  expect(store.texts.size).toBe(1);
  expect(JSON.parse([...store.texts.values()][0]!)).toEqual(measured);
  expect(await attentionTuning(hardware, form, "stored", store)).toEqual(measured);
  expect(await attentionTuning(hardware, form, "default", store)).toBeUndefined();
  expect(store.texts.size).toBe(0);
});

it("is left alone on a CPU in disguise", async () => {
  const store = memoryStore();
  const software = { ...gpu, adapter: { ...gpu.adapter, software: true } };
  expect(await attentionTuning(software, form, "stored", store)).toBeUndefined();
  expect(store.texts.size).toBe(0);
});
