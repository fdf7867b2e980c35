import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import { type Gpu, openGpu } from "../../src/gpu/device.ts";
import type { GpuRunner } from "../../src/model/gpu-runner.ts";
import { CallCounter } from "../support/count-calls.ts";
import { greedy } from "../support/greedy.ts";
import { Random } from "../support/random.ts";
import { tinyRunner } from "../support/tiny-runner.ts";

const REQUEST_COUNT = 1000;
/** Requests at once: more than there are slots, so that some always wait. */
const WIDTH = 12;

// Only Node lets a test collect its garbage.
const full = Boolean(import.meta.env.QUIRE_FULL) && !("document" in globalThis);

describe.runIf(full)("a long time of random requests", () => {
  let gpu: Gpu;
  let runner: GpuRunner;
  let counter: CallCounter;

  beforeAll(async () => {
    gpu = await openGpu();
    runner = await tinyRunner(gpu);
    counter = new CallCounter(gpu.device);
  }, 120_000);

  afterAll(() => {
    runner.dispose();
    gpu.device.destroy();
  });

  it("leaves every block free, allocates nothing on the device and keeps the heap flat", async () => {
    const engine = new Engine(runner);
    const random = new Random(1000);
    await serve(engine, random, REQUEST_COUNT / 4);
    counter.reset();
    const heapBefore = await heapBytes();
    const ended = await serve(engine, random, REQUEST_COUNT);
    engine.checkIntegrity();
    expect(engine.stats()).toMatchObject({ runningCount: 0, waitingCount: 0, blocks: { used: 0 } });
    expect(counter.counts).toMatchObject({ createBuffer: 0, createBindGroup: 0, createComputePipeline: 0 });
    expect(ended.cancelled).toBeGreaterThan(REQUEST_COUNT / 10);
    expect(ended.cancelled! + ended.length!).toBe(REQUEST_COUNT);
    const grownBytes = (await heapBytes()) - heapBefore;
    expect(grownBytes / REQUEST_COUNT).toBeLessThan(1024);
  }, 600_000);
});

/** Serves random requests, a fourth of which is cancelled at some token; returns how many ended for which reason. */
async function serve(engine: Engine, random: Random, count: number): Promise<Record<string, number>> {
  const ended: Record<string, number> = {};
  let left = count;
  const worker = async () => {
    while (left-- > 0) {
      const reason = await serveOne(engine, random);
      ended[reason] = (ended[reason] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  return ended;
}

function serveOne(engine: Engine, random: Random): Promise<string> {
  const promptIds = Array.from({ length: 1 + random.integer(80) }, () => random.integer(40));
  const maxTokens = 1 + random.integer(40);
  const cancelAt = random.integer(4) === 0 ? random.integer(maxTokens) : undefined;
  const sampling = { ...greedy, temperature: random.integer(2), seed: random.integer(100) };
  let seen = 0;
  return new Promise((resolve) => {
    const onToken = () => {
      if (seen++ === cancelAt) engine.cancel(id);
      return false;
    };
    const sink = { onToken, onEnd: ({ reason }: { reason: string }) => resolve(reason) };
    const id = engine.add({ promptIds, maxTokens, sampling, speculate: random.integer(2) === 0, sink });
  });
}

/** Bytes in use once everything that can be let go of is. */
async function heapBytes(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return process.memoryUsage().heapUsed;
}
