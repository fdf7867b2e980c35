import fc from "fast-check";
import type { EngineOptions } from "../../src/engine/engine.ts";
import type { RunnerLimits, Sampling } from "../../src/engine/step.ts";
import { greedy } from "./greedy.ts";

/** A request of a scenario, and what becomes of it if nothing else happens to it. */
export interface RequestSpec {
  /** Steps that have run when it arrives. */
  readonly arrivesAt: number;
  readonly promptIds: readonly number[];
  /** An object of its own: plans are told apart by it. */
  readonly sampling: Sampling;
  readonly maxTokens: number | undefined;
  readonly stopIds: readonly number[];
  readonly priority: number;
  readonly salt: string;
  readonly speculate: boolean;
  /** What its reader does, and after how many tokens. */
  readonly reader: { readonly does: "stop" | "cancel" | "throw" | "nothing"; readonly after: number };
  /** Steps after its arrival at which it is cancelled. */
  readonly cancelledAfter: number | undefined;
}

export interface Scenario {
  readonly limits: RunnerLimits;
  readonly options: EngineOptions;
  readonly requests: readonly RequestSpec[];
  /** Numbers of the steps that fail. */
  readonly failingSteps: readonly number[];
}

const sometimes = <T>(value: fc.Arbitrary<T>, oneIn: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: oneIn - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const samplings: fc.Arbitrary<Sampling> = fc
  .record({
    temperature: fc.constantFrom(0, 0, 1),
    frequencyPenalty: fc.constantFrom(0, 0, 0, 0.5),
    seed: fc.nat(3),
  })
  .map((settings) => ({ ...greedy, ...settings }));

/** Prompts come from a few families, so that many begin alike. */
function prompts(maxLen: number, vocabSize: number): fc.Arbitrary<number[]> {
  const own = fc.array(fc.nat(vocabSize - 1), { maxLength: 6 });
  return fc.tuple(fc.nat(2), fc.integer({ min: 0, max: maxLen }), own).map(([family, shared, tail]) => {
    const head = Array.from({ length: shared }, (_, i) => (7 * i + 3 * family + 1) % vocabSize);
    const prompt = [...head, ...tail];
    return prompt.length > 0 ? prompt : [family];
  });
}

function requests({ contextLen, vocabSize }: RunnerLimits): fc.Arbitrary<RequestSpec> {
  return fc.record({
    arrivesAt: fc.oneof(fc.constant(0), fc.nat(30)),
    // A few are longer than the context.
    promptIds: prompts(Math.ceil(contextLen * 0.8), vocabSize),
    sampling: samplings,
    maxTokens: sometimes(fc.integer({ min: 1, max: 24 }), 2),
    stopIds: sometimes(fc.array(fc.nat(vocabSize - 1), { maxLength: 2 }), 3).map((ids) => ids ?? []),
    priority: fc.constantFrom(0, 0, 0, 1, -1),
    salt: fc.constantFrom("", "", "a"),
    speculate: fc.boolean(),
    reader: fc.record({
      does: fc.oneof(
        { weight: 5, arbitrary: fc.constant("nothing" as const) },
        { weight: 1, arbitrary: fc.constantFrom("stop" as const, "cancel" as const, "throw" as const) },
      ),
      after: fc.integer({ min: 1, max: 8 }),
    }),
    cancelledAfter: sometimes(fc.nat(30), 6),
  });
}

const limits: fc.Arbitrary<RunnerLimits> = fc
  .record({
    blockSize: fc.constantFrom(2, 4),
    /** Contexts that find room in the cache. */
    room: fc.constantFrom(0.5, 1, 1.2, 1.5, 2, 6),
    maxSequences: fc.constantFrom(1, 2, 4, 6),
    maxStepTokens: fc.constantFrom(1, 3, 8, 12, 40),
    contextLen: fc.constantFrom(4, 7, 16, 24, 33, 48),
    vocabSize: fc.constantFrom(5, 12, 40),
  })
  .map(({ room, ...limits }) => ({
    ...limits,
    blockCount: Math.ceil((room * limits.contextLen) / limits.blockSize),
  }));

/** Pools from tiny to ample, every option on and off, everything that may end a request early. */
export const scenarios: fc.Arbitrary<Scenario> = limits.chain((limits) =>
  scenariosWithin(limits, {
    maxRequests: 8,
    failingSteps: fc.oneof(
      { weight: 7, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.nat(25), { maxLength: 2 }) },
    ),
  }),
);

export interface ScenarioOptions {
  readonly maxRequests: number;
  readonly failingSteps?: fc.Arbitrary<readonly number[]>;
}

/** Scenarios for a runner that there is. */
export function scenariosWithin(
  limits: RunnerLimits,
  { maxRequests, failingSteps = fc.constant([]) }: ScenarioOptions,
): fc.Arbitrary<Scenario> {
  const options = fc
    .record({
      asynchronous: fc.boolean(),
      prefixCache: fc.boolean(),
      stepTokens: sometimes(fc.integer({ min: 1, max: limits.maxStepTokens }), 4),
    })
    .map(({ stepTokens, ...options }) => (stepTokens === undefined ? options : { ...options, stepTokens }));
  return fc.record({
    limits: fc.constant(limits),
    options,
    requests: fc.array(requests(limits), { minLength: 1, maxLength: maxRequests, size: "max" }),
    failingSteps,
  });
}
