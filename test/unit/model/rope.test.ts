import { expect, test } from "vitest";
import { parseLlamaConfig } from "../../../src/model/config.ts";
import { ropeFrequencies } from "../../../src/model/rope.ts";
import { ropeFrequenciesReference } from "../../reference/rope-frequencies.ts";
import { TINY_CONFIG } from "../../support/model-files.ts";

/** The settings of Llama 3.2 1B. */
const LLAMA3 = {
  rope_type: "llama3",
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

const config = (fields: object) => parseLlamaConfig({ ...TINY_CONFIG, head_dim: 64, ...fields });

test.each([
  ["plain", config({})],
  ["plain, of a large theta", config({ rope_theta: 1e6 })],
  ["scaled as Llama 3 is", config({ rope_theta: 500000, rope_scaling: LLAMA3 })],
])("frequencies are those of the reference: %s", (_, model) => {
  const expected = ropeFrequenciesReference(model);
  for (const [i, frequency] of ropeFrequencies(model).entries()) {
    expect(frequency / expected[i]!).toBeCloseTo(1, 12);
  }
});

test("Llama 3's scaling keeps the short waves, slows the long ones 32 times, and blends between", () => {
  const plain = ropeFrequencies(config({ rope_theta: 500000 }));
  const scaled = ropeFrequencies(config({ rope_theta: 500000, rope_scaling: LLAMA3 }));
  const ratios = scaled.map((frequency, i) => plain[i]! / frequency);
  expect(ratios[0]).toBe(1);
  expect(ratios.at(-1)).toBeCloseTo(32, 10);
  expect(ratios.some((ratio) => ratio > 1.01 && ratio < 31.9)).toBe(true);
  expect(ratios).toEqual([...ratios].sort((a, b) => a - b));
});
