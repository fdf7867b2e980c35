import { describe, expect, it } from "vitest";
import type { Sampling } from "../../../src/engine/step.ts";
import { Sampler } from "../../../src/wasm/sampler.ts";
import { logprobReference, sampleReference } from "../../reference/sampling.ts";
import { greedy } from "../../support/greedy.ts";
import { Random } from "../../support/random.ts";

const settings: Partial<Sampling>[] = [
  {},
  { temperature: 1 },
  { temperature: 0.7, topK: 5 },
  { temperature: 1.3, topP: 0.8 },
  { temperature: 1, minP: 0.1 },
  { temperature: 0.9, topK: 40, topP: 0.9, minP: 0.01 },
  { temperature: 0.8, topK: 1 },
  { repetitionPenalty: 1.5 },
  { repetitionPenalty: 0.8, presencePenalty: -1 },
  { temperature: 1, presencePenalty: 1.5, frequencyPenalty: 0.7 },
];

describe("the sampler on the CPU", () => {
  for (const setting of settings) {
    it(`chooses as the reference does with ${JSON.stringify(setting)}`, () => {
      const vocabSize = 3000;
      const random = new Random(7);
      const sampler = new Sampler(vocabSize);
      for (let i = 0; i < 50; i++) {
        const logits = Float32Array.from(random.normals(vocabSize, 3));
        const sampling = { ...greedy, ...setting, seed: 1000 + i };
        const history = {
          prompt: Array.from({ length: 50 }, () => random.integer(vocabSize)),
          output: Array.from({ length: 20 }, () => random.integer(30)),
        };
        sampler.remember(2, history);
        const { id, logprob } = sampler.choose(logits, 2, 10 + i, sampling);
        expect(id).toBe(sampleReference(logits, sampling, 10 + i, history));
        expect(logprob).toBeCloseTo(logprobReference(logits, id), 5);
      }
    });
  }

  it("remembers what it chose where penalties count it, per slot, until the next sequence", () => {
    const sampler = new Sampler(3);
    const logits = Float32Array.of(1, 0.9, 0.8);
    const sampling = { ...greedy, presencePenalty: 0.15 };
    const none = { prompt: [], output: [] };
    sampler.remember(0, none);
    sampler.remember(1, none);
    const choose = (slot: number) => sampler.choose(logits, slot, 5, sampling).id;
    expect([choose(0), choose(0), choose(1), choose(0)]).toEqual([0, 1, 0, 0]);
    sampler.remember(0, none);
    expect(choose(0)).toBe(0);
  });

  it("takes the first of equal logits", () => {
    expect(new Sampler(4).choose(Float32Array.of(0, 2, 2, 1), 0, 0, greedy).id).toBe(1);
  });
});
