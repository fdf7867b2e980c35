import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { SAMPLED, type StepPlan } from "../../src/engine/step.ts";
import type { GpuRunner } from "../../src/model/gpu-runner.ts";
import { RECORDING_MODES, type RecordingMode } from "../../src/model/recording.ts";
import { CallCounter } from "../support/count-calls.ts";
import { TestGpu } from "../support/gpu.ts";
import { greedy } from "../support/greedy.ts";
import { type BatchKind, RandomPlans } from "../support/random-plans.ts";
import { type TinyRunnerOptions, tinyRunner } from "../support/tiny-runner.ts";

describe("recorded steps", () => {
  let test: TestGpu;
  beforeAll(async () => {
    test = await TestGpu.open();
  });

  const runners: GpuRunner[] = [];
  const open = async (options?: TinyRunnerOptions) => {
    const runner = await tinyRunner(test.gpu, options);
    runners.push(runner);
    return runner;
  };
  afterEach(() => {
    for (const runner of runners.splice(0)) runner.dispose();
  });

  /** Results, logits and the cache after all steps, as words. */
  const runAll = async (mode: RecordingMode, plans: readonly StepPlan[]) => {
    const runner = await open({ recording: { mode } });
    const sampled: unknown[] = [];
    for (const plan of plans) sampled.push((await runner.execute(plan)).sampled);
    const { cache, activations } = runner.model;
    const buffers = [activations.logits, ...cache.flatMap(({ keys, values }) => [keys, values])];
    const words: Uint32Array[] = [];
    for (const buffer of buffers) words.push(await test.readWords(buffer));
    return { sampled, words, stats: runner.stats() };
  };

  const kinds: BatchKind[] = ["decode", "prefill", "mixed"];
  for (const kind of kinds) {
    it(`leave the same bits in every mode: ${kind} batches`, async () => {
      const plans = randomPlans(
        3,
        Array.from({ length: 12 }, (): BatchKind => kind),
      );
      const eager = await runAll("none", plans);
      expect(eager.stats.recording.lists).toEqual([]);
      for (const mode of RECORDING_MODES.slice(1)) {
        const { sampled, words, stats } = await runAll(mode, plans);
        expect(stats.recording.lists.length).toBeGreaterThan(0);
        expect(stats.recording.downgrades).toEqual([]);
        expect(sampled).toEqual(eager.sampled);
        for (const [i, each] of words.entries()) expect(firstDifference(each, eager.words[i]!)).toBe(-1);
      }
    });
  }

  it("leave the same bits when the same lists serve 50 batches at random", async () => {
    const plans = randomPlans(
      9,
      Array.from({ length: 50 }, (_, i) => kinds[i % 3]!),
    );
    const eager = await runAll("none", plans);
    const replayed = await runAll("full", plans);
    expect(replayed.stats.recording.steps.length).toBeGreaterThan(2);
    expect(replayed.sampled).toEqual(eager.sampled);
    for (const [i, each] of replayed.words.entries()) expect(firstDifference(each, eager.words[i]!)).toBe(-1);
  });

  it("run eagerly, counted and explained, where no list is long enough", async () => {
    const runner = await open({ recording: { mode: "full", recordUpTo: 1 } });
    const tokens = Array.from({ length: 20 }, (_, i) => i);
    await runner.execute({ sequences: [prompt(0, tokens)] });
    await runner.execute({ sequences: [{ ...prompt(0, [SAMPLED]), position: 20, blocks: [0, 1] }] });
    const { lists, steps, downgrades } = runner.stats().recording;
    expect(lists.map(({ tokenLimit }) => tokenLimit)).toEqual([1]);
    expect(steps).toEqual([
      { share: "nothing", tokenLimit: 64, stepCount: 1 },
      { share: "whole", tokenLimit: 1, stepCount: 1 },
    ]);
    expect(downgrades).toEqual([
      { reason: "whole wanted, nothing taken: lists with whole recorded end at 1 tokens", stepCount: 1 },
    ]);
  });

  it("take a padding row without writing keys, values or a token for it", async () => {
    const sequence = prompt(0, [5, 6, 7]);
    const padding = { ...prompt(1, [9]), blocks: [], sampleCount: 0 };
    const states: { sampled: unknown; words: Uint32Array[] }[] = [];
    for (const sequences of [[sequence], [sequence, padding]]) {
      const runner = await open();
      const { sampled } = await runner.execute({ sequences });
      const { cache, activations } = runner.model;
      const words: Uint32Array[] = [];
      for (const { keys, values } of cache)
        words.push(await test.readWords(keys), await test.readWords(values));
      words.push(await test.readWords(activations.lastSampled));
      states.push({ sampled: sampled[0], words });
    }
    expect(states[1]).toEqual(states[0]);
  });

  for (const kvLength of [3, 200]) {
    it(`a decode step after ${kvLength} tokens is one write, one pass, one submit, and makes no object`, async () => {
      const counting = await TestGpu.open();
      const counter = new CallCounter(counting.device);
      const runner = await tinyRunner(counting.gpu, { maxStepTokens: 256 });
      const tokens = Array.from({ length: kvLength }, (_, i) => i % 50);
      const blocks = Array.from({ length: 16 }, (_, i) => i);
      await runner.execute({ sequences: [{ ...prompt(0, tokens), blocks }] });
      counter.reset();
      await runner.execute({
        sequences: [{ ...prompt(0, [SAMPLED]), position: kvLength, blocks }],
      });
      const { dispatchWorkgroups, setPipeline, ...others } = counter.counts;
      expect(others).toEqual({
        createBindGroup: 0,
        createBuffer: 0,
        createComputePipeline: 0,
        createShaderModule: 0,
        createCommandEncoder: 1,
        writeBuffer: 1,
        submit: 1,
        beginComputePass: 1,
        copyBufferToBuffer: 1,
      });
      expect(dispatchWorkgroups).toBeGreaterThan(0);
      expect(setPipeline).toBeLessThanOrEqual(dispatchWorkgroups!);
      runner.dispose();
      counting.device.destroy();
    });
  }

  it("take at most 7 dispatches a layer in decode, and at most 4 for head and sampling", async () => {
    const counting = await TestGpu.open();
    const counter = new CallCounter(counting.device);
    const dispatchesOf = async (layerCount: number) => {
      const config = { num_hidden_layers: layerCount };
      const runner = await tinyRunner(counting.gpu, { config, maxStepTokens: 128, maxSequences: 2 });
      const tokens = Array.from({ length: 120 }, (_, i) => i);
      const blocks = Array.from({ length: 8 }, (_, i) => i);
      await runner.execute({ sequences: [{ ...prompt(0, tokens), blocks }] });
      counter.reset();
      await runner.execute({ sequences: [{ ...prompt(0, [SAMPLED]), position: 120, blocks }] });
      runner.dispose();
      return counter.counts.dispatchWorkgroups!;
    };
    const one = await dispatchesOf(1);
    const perLayer = (await dispatchesOf(3)) / 2 - one / 2;
    const embedding = 1;
    expect(perLayer).toBeLessThanOrEqual(7);
    expect(one - perLayer - embedding).toBeLessThanOrEqual(4);
    counting.device.destroy();
  });

  it.runIf(import.meta.env.QUIRE_FULL)(
    "leave nothing behind over 20,000 steps",
    { timeout: 3_600_000 },
    async () => {
      const counting = await TestGpu.open();
      const counter = new CallCounter(counting.device);
      const runner = await tinyRunner(counting.gpu);
      const plans = randomPlans(1, [...kinds, "decode", "decode"]);
      const run = async (count: number) => {
        for (let i = 0; i < count; i += 2) {
          await Promise.all([0, 1].map((more) => runner.execute(plans[(i + more) % plans.length]!)));
        }
      };
      await run(20);
      counter.reset();
      await run(20_000);
      expect(counter.counts).toMatchObject({ createBindGroup: 0, createBuffer: 0, submit: 20_000 });
      runner.dispose();
      counting.device.destroy();
    },
  );
});

function prompt(slot: number, tokens: readonly number[]) {
  const blocks = [2 * slot, 2 * slot + 1];
  return { slot, tokens, position: 0, blocks, sampleCount: 1, sampling: greedy };
}

function randomPlans(seed: number, kinds: readonly BatchKind[]): StepPlan[] {
  const plans = new RandomPlans({
    seed,
    slotCount: 8,
    vocabSize: 250,
    blockSize: 16,
    contextLen: 100,
    stepTokens: 64,
  });
  return kinds.map((kind) => plans.next(kind));
}

function firstDifference(a: Uint32Array, b: Uint32Array): number {
  if (a.length !== b.length) return Math.min(a.length, b.length);
  return a.findIndex((word, i) => word !== b[i]);
}
