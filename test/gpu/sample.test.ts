import { beforeAll, describe, expect, it } from "vitest";
import type { Sampling } from "../../src/engine/step.ts";
import { markHistory, partialWords, sample } from "../../src/kernels/sample.ts";
import type { StepShape } from "../../src/kernels/step-metadata.ts";
import { StepWriter } from "../../src/model/step-writer.ts";
import { type History, logprobReference, sampleReference, scores, survivors } from "../reference/sampling.ts";
import { TestGpu } from "../support/gpu.ts";
import { greedy } from "../support/greedy.ts";
import { Random } from "../support/random.ts";
import { kernelContext } from "../support/step.ts";

const settings: Partial<Sampling>[] = [
  {},
  { temperature: 1 },
  { temperature: 0.7, topK: 5 },
  { temperature: 1.3, topP: 0.8 },
  { temperature: 1, minP: 0.1 },
  { temperature: 0.9, topK: 40, topP: 0.9, minP: 0.01 },
  { repetitionPenalty: 1.5 },
  { temperature: 1, presencePenalty: 1.5, frequencyPenalty: 0.7 },
  { temperature: 0.8, topK: 1 },
];

const none: History = { prompt: [], output: [] };

describe("the sampler", () => {
  let test: TestGpu;
  beforeAll(async () => {
    test = await TestGpu.open();
  });

  for (const vocabSize of [300, 5000]) {
    for (const setting of settings) {
      it(`chooses as the reference does from ${vocabSize} tokens with ${JSON.stringify(setting)}`, async () => {
        const random = new Random(vocabSize);
        const rows = Array.from({ length: 4 }, (_, i) => ({
          logits: Float32Array.from(random.normals(vocabSize, 3)),
          sampling: { ...greedy, ...setting, seed: 1000 + i },
          position: 10 + i,
          history: {
            prompt: Array.from({ length: 50 }, () => random.integer(vocabSize)),
            output: Array.from({ length: 20 }, () => random.integer(30)),
          },
        }));
        const got = await choose(test, rows);
        for (const [i, { logits, sampling, position, history }] of rows.entries()) {
          const counted = sampling.temperature >= 0 ? history : none;
          expect(got[i]!.id).toBe(sampleReference(logits, sampling, position, counted));
          expect(got[i]!.logprob).toBeCloseTo(logprobReference(logits, got[i]!.id), 3);
        }
      });
    }
  }

  it("draws in proportion to the softmax of what survives", async () => {
    const logits = Float32Array.of(2, 1, 0, -1, -2, 1.5, 0.5, -0.5);
    const sampling = { ...greedy, temperature: 0.8, topP: 0.9 };
    const draws = 4000;
    const counts = new Array(8).fill(0);
    for (let first = 0; first < draws; first += 100) {
      const rows = Array.from({ length: 100 }, (_, i) => ({
        logits,
        sampling: { ...sampling, seed: 7 },
        position: first + i,
        history: none,
      }));
      for (const { id } of await choose(test, rows)) counts[id]++;
    }
    const score = scores(logits, sampling, none);
    const kept = survivors(score, sampling);
    const total = [...kept].reduce((sum, token) => sum + Math.exp(score[token]!), 0);
    for (const token of score.keys()) {
      const expected = kept.has(token) ? (draws * Math.exp(score[token]!)) / total : 0;
      // Four standard deviations of a binomial count; draws are a function of the seed, so this never wavers.
      expect(Math.abs(counts[token] - expected)).toBeLessThanOrEqual(4 * Math.sqrt(expected));
    }
  });

  it("forgets the history of a slot's earlier sequence", async () => {
    const logits = Float32Array.of(1, 0.9, 0, 0);
    const sampling = { ...greedy, repetitionPenalty: 2 };
    const row = { logits, sampling, position: 5 };
    const writer = new StepWriter(4096, 16, 1);
    const memory = buffers(test, 4, 1);
    expect(
      (await choose(test, [{ ...row, history: { prompt: [0], output: [] } }], writer, memory))[0]!.id,
    ).toBe(1);
    expect((await choose(test, [{ ...row, history: none }], writer, memory))[0]!.id).toBe(0);
  });
});

interface Row {
  logits: Float32Array;
  sampling: Sampling;
  position: number;
  history: History;
}

function buffers(test: TestGpu, vocabSize: number, rows: number) {
  return {
    vocabSize,
    history: test.poisoned(rows * vocabSize),
    partials: test.poisoned(rows * partialWords(vocabSize)),
    lastSampled: test.poisoned(rows),
    results: test.poisoned(2 * rows),
  };
}

/** Runs the sampler over rows of logits, each a sequence of its own. */
async function choose(
  test: TestGpu,
  rows: readonly Row[],
  writer = new StepWriter(65_536, 16, rows.length),
  memory = buffers(test, rows[0]!.logits.length, rows.length),
): Promise<{ id: number; logprob: number }[]> {
  const { vocabSize } = memory;
  const logits = new Float32Array(rows.length * vocabSize);
  for (const [i, row] of rows.entries()) logits.set(row.logits, i * vocabSize);
  const sequences = rows.map(({ sampling, position, history }, slot) => {
    const blocks = Array.from({ length: Math.ceil((position + 1) / 16) }, (_, i) => i);
    return { slot, tokens: [0], position: position - 1, blocks, sampleCount: 1, sampling, history };
  });
  const shape: StepShape = writer.write({ sequences });
  const all = { ...memory, logits: test.upload(logits) };
  const context = kernelContext(test);
  const step = test.stepBuffer(writer.metadata.words);
  await test.run([markHistory(context, all), ...sample(context, all)], step, shape);
  const words = await test.readWords(memory.results);
  const floats = new Float32Array(words.buffer);
  return rows.map((_, i) => ({ id: words[2 * i]!, logprob: floats[2 * i + 1]! }));
}
