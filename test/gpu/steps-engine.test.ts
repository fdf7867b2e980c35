import { beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import type { RequestOptions } from "../../src/engine/request.ts";
import { CallCounter } from "../support/count-calls.ts";
import { TestGpu } from "../support/gpu.ts";
import { greedy } from "../support/greedy.ts";
import { HeldMaps } from "../support/held-maps.ts";
import { Random } from "../support/random.ts";
import { tinyRunner } from "../support/tiny-runner.ts";

interface Stream extends Omit<RequestOptions, "sink"> {
  /** Ends by its own sink's word after so many tokens. */
  readonly stopAfter?: number;
  /** Another stream is cancelled when this one has so many tokens. */
  readonly cancels?: { readonly stream: number; readonly after: number };
}

describe("asynchronous stepping", () => {
  let test: TestGpu;
  beforeAll(async () => {
    test = await TestGpu.open();
  });

  it("changes no token of 8 streams: greedy, seeded, stopped, cancelled", async () => {
    const streams = eightStreams();
    const behind = await run(test, streams, true);
    const inStep = await run(test, streams, false);
    const cancelled = new Set(streams.flatMap(({ cancels }) => (cancels ? [cancels.stream] : [])));
    for (const i of streams.keys()) {
      expect(behind[i]!.reason).toBe(inStep[i]!.reason);
      // When a cancelled stream learns of it depends on what was in flight.
      const shared = cancelled.has(i)
        ? Math.min(behind[i]!.tokens.length, inStep[i]!.tokens.length)
        : undefined;
      expect(behind[i]!.tokens.slice(0, shared)).toEqual(inStep[i]!.tokens.slice(0, shared));
    }
    expect(new Set(behind.map(({ reason }) => reason))).toEqual(new Set(["length", "stop", "cancelled"]));
  });

  it("submits the next step while a step's result is still to be read back", async () => {
    const { device } = (await TestGpu.open()).gpu;
    const gpu = { ...test.gpu, device };
    const maps = new HeldMaps(device);
    const counter = new CallCounter(device);
    const engine = new Engine(await tinyRunner(gpu));
    const ended = new Promise<void>((resolve) => {
      const sink = { onToken: () => false, onEnd: () => resolve() };
      engine.add({ promptIds: [1, 2, 3], sampling: greedy, maxTokens: 6, sink });
    });
    for (let step = 0; step < 6; step++) {
      while (maps.count < Math.min(2, 6 - step)) await new Promise((resolve) => setTimeout(resolve, 1));
      expect(counter.counts.submit).toBeGreaterThanOrEqual(Math.min(step + 2, 6));
      maps.releaseOldest();
    }
    await ended;
    engine.dispose();
    device.destroy();
  });
});

async function run(test: TestGpu, streams: readonly Stream[], asynchronous: boolean) {
  const engine = new Engine(await tinyRunner(test.gpu), { asynchronous });
  const ids: number[] = [];
  const results = await Promise.all(
    streams.map(
      ({ stopAfter, cancels, ...options }) =>
        new Promise<{ tokens: number[]; reason: string }>((resolve) => {
          const tokens: number[] = [];
          const onToken = ({ id }: { id: number }) => {
            tokens.push(id);
            if (tokens.length === cancels?.after) engine.cancel(ids[cancels.stream]!);
            return tokens.length === stopAfter;
          };
          ids.push(
            engine.add({ ...options, sink: { onToken, onEnd: ({ reason }) => resolve({ tokens, reason }) } }),
          );
        }),
    ),
  );
  engine.checkIntegrity();
  engine.dispose();
  return results;
}

function eightStreams(): Stream[] {
  const random = new Random(8);
  const seeded = { ...greedy, temperature: 0.8, topK: 40, topP: 0.95 };
  return Array.from({ length: 8 }, (_, i) => ({
    promptIds: Array.from({ length: 1 + random.integer(60) }, () => random.integer(250)),
    sampling: i % 2 === 0 ? greedy : { ...seeded, seed: i, repetitionPenalty: i === 3 ? 1.3 : 1 },
    maxTokens: 20 + 5 * i,
    ...(i === 2 || i === 5 ? { stopAfter: 7 + i } : {}),
    ...(i === 4 ? { cancels: { stream: 6, after: 9 } } : {}),
  }));
}
