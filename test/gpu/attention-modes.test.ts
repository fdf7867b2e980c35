import { beforeAll, expect, it } from "vitest";
import type { SequenceStep, StepResult } from "../../src/engine/step.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { ATTENTION_MODES } from "../../src/kernels/attention-plan.ts";
import { TestGpu } from "../support/gpu.ts";
import { greedy } from "../support/greedy.ts";
import { Random } from "../support/random.ts";
import { type TinyRunnerOptions, tinyRunner } from "../support/tiny-runner.ts";

let gpu: Gpu;
beforeAll(async () => {
  ({ gpu } = await TestGpu.open());
});

const LONG = 448;

/** A long sequence that decodes, among prompts or alone, after its own prompt came in chunks; what the last step says. */
async function mixedStep(options: TinyRunnerOptions, alone = false): Promise<StepResult> {
  const config = { max_position_embeddings: 512 };
  const runner = await tinyRunner(gpu, { ...options, config, maxSequences: 4, maxStepTokens: 64 });
  const random = new Random(5);
  const sequence = (slot: number, position: number, length: number): SequenceStep => ({
    slot,
    tokens: Array.from({ length }, () => random.integer(runner.limits.vocabSize)),
    position,
    blocks: Array.from({ length: Math.ceil((position + length) / 16) }, (_, i) => 4 * i + slot),
    sampleCount: 1,
    sampling: greedy,
  });
  for (let position = 0; position < LONG; position += 64) {
    await runner.execute({ sequences: [sequence(0, position, 64)] });
  }
  const long = sequence(0, LONG, 1);
  const sequences = alone ? [long] : [long, sequence(1, 0, 3), sequence(2, 0, 20), sequence(3, 0, 30)];
  const result = await runner.execute({ sequences });
  expect(runner.stats().attention.latestStep).toEqual(result.attention);
  runner.dispose();
  return result;
}

const samplesOf = ({ sampled }: StepResult) => sampled.flat();

it("every mode samples the same tokens, and each step says how its attention was launched", async () => {
  const launched = {
    unified: ["tile"],
    split: ["tile", "split", "reduce"],
    tallTileOnly: ["tile"],
    splitKvOnly: ["tile", "split", "reduce"],
  };
  const [first, ...others] = ATTENTION_MODES;
  const baseline = await mixedStep({ attention: { mode: first } });
  expect(baseline.attention).toMatchObject([{ kernel: "tile", tileRows: 16, segments: 1 }]);
  for (const mode of others) {
    const result = await mixedStep({ attention: { mode } });
    expect(result.attention?.map(({ kernel }) => kernel)).toEqual(launched[mode]);
    expect(samplesOf(result).map(({ id }) => id)).toEqual(samplesOf(baseline).map(({ id }) => id));
  }
});

it("a deterministic runner cuts the long sequence into segments of one length", async () => {
  const { attention } = await mixedStep({ attention: { deterministic: true } });
  const split = attention?.find(({ kernel }) => kernel === "split");
  expect(split?.segments).toBe(Math.ceil((LONG + 1) / 256));
});

it("with a deterministic runner a long sequence comes to the same bits alone and among others", async () => {
  const attention = { deterministic: true };
  const alone = await mixedStep({ attention }, true);
  const among = await mixedStep({ attention });
  expect(among.sampled[0]).toHaveLength(1);
  expect(among.sampled[0]).toEqual(alone.sampled[0]);
});

it("an int8 cache samples what a cache of floats does, about as likely", async () => {
  const [floats, bytes] = [await mixedStep({ kvType: "f32" }), await mixedStep({ kvType: "int8" })];
  for (const [i, { id, logprob }] of samplesOf(bytes).entries()) {
    expect(id).toBe(samplesOf(floats)[i]!.id);
    expect(Math.abs(logprob - samplesOf(floats)[i]!.logprob)).toBeLessThan(0.05);
  }
});
