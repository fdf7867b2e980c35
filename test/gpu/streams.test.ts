import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineOptions } from "../../src/engine/engine.ts";
import type { Runner } from "../../src/engine/step.ts";
import { type Gpu, openGpu } from "../../src/gpu/device.ts";
import type { GpuModel } from "../../src/runtime/load-model.ts";
import { demoModel } from "../support/demo-model.ts";
import { greedy } from "../support/greedy.ts";
import { Play } from "../support/play.ts";
import { Random } from "../support/random.ts";
import type { RequestSpec } from "../support/scenario.ts";

const STREAM_COUNT = 16;
/** Blocks of a pool that holds a few of the streams. */
const TINY_BLOCKS = 12;

interface Setting {
  readonly prefixCache: boolean;
  /** Whether prompts come in chunks. */
  readonly chunked: boolean;
  /** Whether the pool is too small for all. */
  readonly tiny: boolean;
  readonly speculate: boolean;
}

/** Each option with each other's on and off, in as few runs as that takes. */
const settings: readonly Setting[] = [
  { prefixCache: false, chunked: false, tiny: false, speculate: false },
  { prefixCache: true, chunked: true, tiny: true, speculate: false },
  { prefixCache: true, chunked: false, tiny: true, speculate: true },
  { prefixCache: false, chunked: true, tiny: true, speculate: true },
  { prefixCache: true, chunked: true, tiny: false, speculate: true },
];
// A browser's software adapter is slower: there the first, second and fourth, which still turn each on and off.
const chosen = "document" in globalThis ? settings.filter((_, i) => i !== 2 && i !== 4) : settings;

describe("16 streams of the bundled model at once", () => {
  let gpu: Gpu;
  let model: GpuModel;
  let streams: readonly RequestSpec[];
  let alone: readonly (readonly number[])[];

  beforeAll(async () => {
    gpu = await openGpu();
    model = await demoModel(gpu, STREAM_COUNT);
    streams = randomStreams(model, new Random(21));
    alone = [];
    const plain = { prefixCache: false, asynchronous: false };
    for (const { cancelledAfter: _, ...spec } of streams) {
      const [outcome] = await play(lent(model.runner), [{ ...spec, cancelledAfter: undefined }], plain);
      alone = [...alone, outcome!.tokens];
    }
  }, 300_000);

  afterAll(() => {
    model.runner.dispose();
    model.weights.dispose();
    gpu.device.destroy();
  });

  it.each(chosen)("each text is the text of its run alone: %o", async (setting) => {
    const { prefixCache, chunked, tiny, speculate } = setting;
    const runner = lent(model.runner, tiny ? TINY_BLOCKS : undefined);
    const specs = streams.map((spec) => ({ ...spec, speculate }));
    const options = { prefixCache, ...(chunked ? { stepTokens: 48 } : {}) };
    const { outcomes, stats } = await playAll(runner, specs, options);
    for (const [i, { tokens, reason }] of outcomes.entries()) {
      const expected = alone[i]!.slice(0, reason === "cancelled" ? tokens.length : undefined);
      expect(tokens, `stream ${i}`).toEqual(expected);
    }
    expect(outcomes.filter(({ reason }) => reason !== "cancelled").length).toBeGreaterThan(STREAM_COUNT / 2);
    expect(stats.preemptionCount > 0).toBe(tiny);
    expect(stats.prefixCache.hitTokens > 0).toBe(prefixCache);
    expect(stats.speculation.draftedTokens > 0).toBe(speculate);
    expect(stats.blocks.used).toBe(0);
  });
});

/** Prompts of random length, many of which begin alike; a third is cancelled at some time. */
function randomStreams({ tokenizer, template }: GpuModel, random: Random): RequestSpec[] {
  const system = "You are a helpful assistant. Answer in few words, and repeat a word where it is asked for.";
  const questions = [
    "Say hello",
    "What is 12 + 30?",
    "Repeat: tick tock tick tock tick",
    "Sort: pear, fig, kiwi",
  ];
  return Array.from({ length: STREAM_COUNT }, (_, i) => {
    const content = `${questions[i % questions.length]} ${"and again ".repeat(random.integer(6))}`;
    const user = { role: "user" as const, content };
    const messages = i % 2 === 0 ? [{ role: "system" as const, content: system }, user] : [user];
    return {
      arrivesAt: random.integer(8),
      promptIds: tokenizer.encodeTemplated(template!.render(messages, { addGenerationPrompt: true })),
      sampling: { ...greedy },
      maxTokens: i % 3 === 0 ? 40 : 4 + random.integer(14),
      stopIds: [],
      priority: 0,
      salt: "",
      speculate: false,
      reader: { does: "nothing", after: 0 },
      cancelledAfter: random.integer(3) === 0 ? random.integer(25) : undefined,
    };
  });
}

/** A runner that outlives its engines, with `blockCount` blocks where that is given. */
function lent(runner: Runner, blockCount = runner.limits.blockCount): Runner {
  return {
    limits: { ...runner.limits, blockCount },
    execute: (plan) => runner.execute(plan),
    dispose: () => {},
  };
}

async function playAll(runner: Runner, requests: readonly RequestSpec[], options: EngineOptions) {
  const play = new Play({ limits: runner.limits, options, requests, failingSteps: [] }, runner, () => {});
  const outcomes = (await play.run()).map(({ tokens, end }) => ({
    tokens: tokens.map(({ id }) => id),
    reason: end!.reason,
  }));
  play.engine.checkIntegrity();
  return { outcomes, stats: play.engine.stats() };
}

async function play(runner: Runner, requests: readonly RequestSpec[], options: EngineOptions) {
  return (await playAll(runner, requests, options)).outcomes;
}
