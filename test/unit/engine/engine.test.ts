import { describe, expect, test } from "vitest";
import { Engine, type EngineOptions } from "../../../src/engine/engine.ts";
import type { RequestEnd, RequestOptions } from "../../../src/engine/request.ts";
import type { RunnerLimits, StepPlan } from "../../../src/engine/step.ts";
import { CapacityError, InputError, WorkerError } from "../../../src/errors.ts";
import { FakeRunner, type FakeRunnerOptions, runAlone } from "../../support/fake-runner.ts";
import { greedy } from "../../support/greedy.ts";

const LIMITS: RunnerLimits = {
  blockSize: 4,
  blockCount: 64,
  maxSequences: 4,
  maxStepTokens: 16,
  contextLen: 128,
  vocabSize: 100,
};

const prompt = (length: number, first = 1) =>
  Array.from({ length }, (_, i) => (first + i) % LIMITS.vocabSize);

interface Watched {
  readonly id: number;
  readonly tokens: number[];
  /** Steps planned when each token came. */
  readonly steps: number[];
  readonly ended: Promise<RequestEnd>;
}

/** An engine on a fake runner, whose plans are kept. */
class Bench {
  readonly plans: StepPlan[] = [];
  /** What happens while the step of a number runs. */
  readonly during = new Map<number, () => void>();
  readonly runner: FakeRunner;
  readonly engine: Engine;

  constructor(
    options: EngineOptions = {},
    { limits = LIMITS, ...runner }: FakeRunnerOptions & { readonly limits?: RunnerLimits } = {},
  ) {
    this.runner = new FakeRunner(limits, {
      delay: async (step) => this.during.get(step)?.(),
      onPlan: (plan) => this.plans.push(plan),
      ...runner,
    });
    this.engine = new Engine(this.runner, options);
  }

  add(options: Partial<RequestOptions> & Pick<RequestOptions, "promptIds">): Watched {
    const tokens: number[] = [];
    const steps: number[] = [];
    let resolve: (end: RequestEnd) => void;
    const ended = new Promise<RequestEnd>((resolveEnd) => {
      resolve = resolveEnd;
    });
    const onToken = ({ id }: { readonly id: number }) => {
      steps.push(this.plans.length);
      return tokens.push(id) < 0;
    };
    const sink = { onToken, onEnd: (end: RequestEnd) => resolve(end) };
    const id = this.engine.add({ sampling: { ...greedy }, ...options, sink });
    return { id, tokens, steps, ended };
  }
}

describe("steps", () => {
  test("two are on their way at a time, or one where told so", async () => {
    for (const [asynchronous, deepest] of [
      [true, 2],
      [false, 1],
    ] as const) {
      const bench = new Bench({ asynchronous });
      await bench.add({ promptIds: prompt(3), maxTokens: 8 }).ended;
      expect(bench.runner.deepest).toBe(deepest);
    }
  });

  test("requests join running ones at any step, and each gets its own text", async () => {
    const bench = new Bench();
    const texts: number[][] = [];
    const add = (promptIds: number[], maxTokens: number) => {
      const { tokens, ended } = bench.add({ promptIds, maxTokens });
      texts.push(tokens);
      return ended;
    };
    let second: Promise<RequestEnd> | undefined;
    bench.during.set(4, () => {
      second = add(prompt(5, 50), 6);
    });
    await add(prompt(3), 20);
    await second;
    const sizes = bench.plans.map(({ sequences }) => sequences.length);
    expect(sizes.slice(0, 12)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 1]);
    expect(texts).toEqual([
      runAlone(prompt(3), greedy, 20, LIMITS).map(({ id }) => id),
      runAlone(prompt(5, 50), greedy, 6, LIMITS).map(({ id }) => id),
    ]);
  });
});

describe("fairness", () => {
  test("a long prompt comes in chunks beside which every running stream gets a token each step", async () => {
    const bench = new Bench({ asynchronous: false, stepTokens: 8, prefixCache: false });
    const streams = [1, 20, 40].map((first) => bench.add({ promptIds: prompt(1, first), maxTokens: 30 }));
    bench.during.set(3, () => bench.add({ promptIds: prompt(60, 7), maxTokens: 1 }));
    await Promise.all(streams.map(({ ended }) => ended));
    for (const { steps } of streams) {
      const gaps = steps.slice(1).map((step, i) => step - steps[i]!);
      expect(Math.max(...gaps)).toBe(1);
    }
    const chunks = bench.plans.flatMap(({ sequences }) =>
      sequences.filter(({ tokens }) => tokens.length > 1),
    );
    expect(chunks.reduce((sum, { tokens }) => sum + tokens.length, 0)).toBe(60);
    expect(chunks.length).toBeGreaterThan(7);
  });

  test("a short prompt behind a long one does not wait for all of it", async () => {
    const bench = new Bench({ stepTokens: 8, prefixCache: false });
    const long = bench.add({ promptIds: prompt(100), maxTokens: 1 });
    const short = bench.add({ promptIds: prompt(2, 50), maxTokens: 1 });
    await Promise.all([long.ended, short.ended]);
    expect(short.steps[0]).toBeLessThan(long.steps[0]! / 2);
  });

  test("those of higher priority go first, those of equal priority in the order they came", async () => {
    const bench = new Bench({}, { limits: { ...LIMITS, maxSequences: 1 } });
    const order: string[] = [];
    const add = (name: string, priority: number, first: number) =>
      bench.add({ promptIds: prompt(2, first), maxTokens: 2, priority }).ended.then(() => order.push(name));
    await Promise.all([add("low", -1, 1), add("first", 0, 10), add("second", 0, 20), add("high", 1, 30)]);
    expect(order).toEqual(["high", "first", "second", "low"]);
  });

  test("the last in line gives way when blocks run out, and goes on where it was", async () => {
    const limits = { ...LIMITS, blockCount: 14 };
    const bench = new Bench({ prefixCache: false }, { limits });
    const promptIds = [prompt(4), prompt(4, 50)];
    const streams = promptIds.map((ids) => bench.add({ promptIds: ids, maxTokens: 40 }));
    await Promise.all(streams.map(({ ended }) => ended));
    expect(bench.engine.stats().preemptionCount).toBeGreaterThan(0);
    expect(streams[0]!.steps.at(-1)).toBeLessThan(streams[1]!.steps.at(-1)!);
    for (const [i, { tokens }] of streams.entries()) {
      expect(tokens).toEqual(runAlone(promptIds[i]!, greedy, 40, limits).map(({ id }) => id));
    }
  });
});

describe("shared beginnings", () => {
  test("a second request computes at most a block of a shared prefix, and its own tokens", async () => {
    const bench = new Bench();
    await bench.add({ promptIds: [...prompt(50), 91, 92, 93], maxTokens: 1 }).ended;
    const plansBefore = bench.plans.length;
    const { usage } = await bench.add({ promptIds: [...prompt(50), 81, 82, 83], maxTokens: 1 }).ended;
    const computed = bench.plans
      .slice(plansBefore)
      .flatMap(({ sequences }) => sequences.map(({ tokens }) => tokens.length))
      .reduce((sum, count) => sum + count, 0);
    expect(computed).toBeLessThanOrEqual(LIMITS.blockSize + 3);
    expect(usage.cachedTokens).toBe(48);
  });

  test("an answer's blocks are found when the conversation goes on", async () => {
    const bench = new Bench();
    const first = bench.add({ promptIds: prompt(10), maxTokens: 20 });
    await first.ended;
    const { usage } = await bench.add({ promptIds: [...prompt(10), ...first.tokens, 5, 6], maxTokens: 1 })
      .ended;
    // All that was computed: the last token of an answer never is.
    expect(usage.cachedTokens).toBe(28);
  });
});

describe("ends", () => {
  test("a request that cannot fit even alone is refused, with both numbers", () => {
    const bench = new Bench({}, { limits: { ...LIMITS, blockCount: 5 } });
    const add = () => bench.add({ promptIds: prompt(20) });
    expect(add).toThrow(CapacityError);
    expect(add).toThrow("20 tokens, but at most 19 fit");
  });

  test("malformed requests are refused", () => {
    const bench = new Bench();
    expect(() => bench.add({ promptIds: [] })).toThrow(InputError);
    expect(() => bench.add({ promptIds: [1, 100] })).toThrow("Prompt token 1 is 100");
    expect(() => bench.add({ promptIds: [1], maxTokens: 0 })).toThrow("maxTokens is 0");
  });

  test("a cancelled request's blocks are free before cancel returns", async () => {
    const bench = new Bench();
    const { id, ended } = bench.add({ promptIds: prompt(30), maxTokens: 50 });
    const used: number[] = [];
    bench.during.set(5, () => {
      used.push(bench.engine.stats().blocks.used);
      bench.engine.cancel(id);
      used.push(bench.engine.stats().blocks.used);
    });
    expect((await ended).reason).toBe("cancelled");
    expect(used).toEqual([9, 0]);
    bench.engine.cancel(id);
  });

  test("a failed step ends what there is; requests after it run on blocks nobody trusts", async () => {
    const bench = new Bench({}, { fails: (step) => step === 3 });
    const first = bench.add({ promptIds: prompt(20), maxTokens: 50 });
    expect(await first.ended).toMatchObject({ reason: "error", error: new Error("step 3 failed") });
    const again = bench.add({ promptIds: prompt(20), maxTokens: 4 });
    expect((await again.ended).usage.cachedTokens).toBe(0);
    expect(again.tokens).toEqual(runAlone(prompt(20), greedy, 4, LIMITS).map(({ id }) => id));
    expect(bench.engine.stats().failure).toContain("step 3 failed");
  });

  test("dispose ends every request with a WorkerError, refuses new ones and lets the runner go", async () => {
    const bench = new Bench();
    const { ended } = bench.add({ promptIds: prompt(3), maxTokens: 50 });
    bench.engine.dispose();
    bench.engine.dispose();
    expect((await ended).error).toBeInstanceOf(WorkerError);
    expect(() => bench.add({ promptIds: [1] })).toThrow("disposed of");
    expect(bench.runner.disposed).toBe(true);
  });
});

test("latencies are told per request and over all of them", async () => {
  let nowMs = 0;
  const bench = new Bench(
    { asynchronous: false, now: () => nowMs },
    {
      delay: async () => {
        nowMs += 10;
      },
    },
  );
  const { ended } = bench.add({ promptIds: prompt(20), maxTokens: 3 });
  // 16 of the 20 tokens fit in a step, and a leading request takes three quarters of those at first.
  expect((await ended).timings).toEqual({
    queueMs: 0,
    firstTokenMs: 20,
    totalMs: 40,
    interTokenP50Ms: 10,
    interTokenP99Ms: 10,
  });
  expect(bench.engine.stats().latencyMs).toMatchObject({
    queue: { count: 1, p50: 0 },
    firstToken: { count: 1, p50: 20 },
    interToken: { count: 2, p50: 10, p99: 10 },
  });
});
