import { expect, test } from "vitest";
import type { Gpu } from "../../../src/gpu/device.ts";
import { partialBytes } from "../../../src/kernels/attention.ts";
import { parseLlamaConfig } from "../../../src/model/config.ts";
import { scratchSizes } from "../../../src/model/gpu-runner.ts";
import { planKvCache } from "../../../src/model/kv-cache.ts";
import { attentionForm } from "../../../src/model/llama.ts";
import { shapes } from "../../bench/harness/shapes.ts";

const config = parseLlamaConfig(shapes["llama-3.2-1b"]);
const MOST_BINDING_BYTES = 128 * 2 ** 20;
const kvPlan = planKvCache(config, {
  kvType: "f16",
  maxSequences: 16,
  contextLen: 65_536,
  budgetBytes: 16 * 2 ** 30,
  maxBindingBytes: MOST_BINDING_BYTES,
});

function partials(maxStorageBufferBindingSize: number, deterministic = false): number {
  const gpu = {
    device: { limits: { maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize: 32_768 } },
    features: { subgroups: true, subgroupMinSize: 32, subgroupMaxSize: 32, f16: false, timestamps: false },
    adapter: { software: false },
  } as unknown as Gpu;
  const sizes = { config, kvPlan, maxSequences: 16, maxStepTokens: 512 };
  return scratchSizes(gpu, { ...sizes, attention: { deterministic } }).partials!;
}

test("the partial results of attention count as memory a step needs, whole rows of them", () => {
  const rowBytes = partialBytes(attentionForm(config, kvPlan), 1);
  expect(partials(MOST_BINDING_BYTES)).toBeGreaterThan(1000 * rowBytes);
  expect(partials(MOST_BINDING_BYTES) % rowBytes).toBe(0);
});

test("they stay within what the device binds and within 48 MiB", () => {
  expect(partials(2 ** 20)).toBeLessThanOrEqual(2 ** 20);
  expect(partials(2 ** 20)).toBeGreaterThan(2 ** 19);
  expect(partials(MOST_BINDING_BYTES, true)).toBeLessThanOrEqual(48 * 2 ** 20);
  expect(partials(MOST_BINDING_BYTES, true)).toBeGreaterThan(0);
});
