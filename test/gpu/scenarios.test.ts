import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Engine } from "../../src/engine/engine.ts";
import type { Runner, SampledToken } from "../../src/engine/step.ts";
import { type Gpu, openGpu } from "../../src/gpu/device.ts";
import type { GpuRunner } from "../../src/model/gpu-runner.ts";
import { checkOutcomes, lengthLimit } from "../support/outcome.ts";
import { PlanWitness } from "../support/plan-witness.ts";
import { Play } from "../support/play.ts";
import { type RequestSpec, type Scenario, scenariosWithin } from "../support/scenario.ts";
import { tinyRunner } from "../support/tiny-runner.ts";

// A browser's software adapter takes four times as long for a step as Dawn's in Node.
const RUN_COUNT = "document" in globalThis ? 60 : 200;
const CONTEXT_LEN = 40;

/** Runs requests alone, and remembers what came of them: many scenarios ask for the same. */
class AloneRuns {
  readonly #runner: Runner;
  readonly #texts = new Map<string, readonly SampledToken[]>();

  constructor(runner: Runner) {
    this.#runner = runner;
  }

  async prepare(spec: RequestSpec, count: number): Promise<void> {
    const known = this.of(spec);
    if (known.length >= count) return;
    const engine = new Engine(this.#runner, { asynchronous: false, prefixCache: false });
    const { promptIds, sampling } = spec;
    const tokens: SampledToken[] = [];
    await new Promise<void>((resolve) => {
      const onToken = (token: SampledToken) => tokens.push(token) < 0;
      engine.add({ promptIds, sampling, maxTokens: count, sink: { onToken, onEnd: () => resolve() } });
    });
    this.#texts.set(keyOf(spec), tokens.map(idOnly));
  }

  of(spec: RequestSpec): readonly SampledToken[] {
    return this.#texts.get(keyOf(spec)) ?? [];
  }
}

const keyOf = ({ promptIds, sampling }: RequestSpec) => JSON.stringify([promptIds, sampling]);
/** Log-probabilities may differ in their last bits. */
const idOnly = ({ id }: SampledToken): SampledToken => ({ id, logprob: 0 });

describe("the engine on a device, in random scenarios", () => {
  let gpu: Gpu;
  let runner: GpuRunner;
  let alone: AloneRuns;

  beforeAll(async () => {
    gpu = await openGpu();
    runner = await tinyRunner(gpu, { config: { max_position_embeddings: CONTEXT_LEN } });
    alone = new AloneRuns(runner);
  }, 120_000);

  afterAll(() => {
    runner.dispose();
    gpu.device.destroy();
  });

  const scenarios = fc
    .record({
      blockCount: fc.constantFrom(2, 3, 5, 8, 20),
      maxSequences: fc.constantFrom(1, 3, 8),
      maxStepTokens: fc.constantFrom(1, 8, 40),
    })
    .chain((chosen) => scenariosWithin({ ...runner.limits, ...chosen }, { maxRequests: 6 }));

  async function check(scenario: Scenario): Promise<boolean[]> {
    for (const spec of scenario.requests) await alone.prepare(spec, lengthLimit(spec, scenario));
    const witness = new PlanWitness(scenario);
    const lent: Runner = {
      limits: scenario.limits,
      execute: async (plan) => {
        const { sampled, timings } = await runner.execute(plan);
        return { sampled: sampled.map((tokens) => tokens.map(idOnly)), timings };
      },
      dispose: () => {},
    };
    const play = new Play(scenario, lent, (plan, engine) => {
      witness.see(plan);
      engine.checkIntegrity();
    });
    await play.run();
    const stats = checkOutcomes(play, scenario, (spec, count) => alone.of(spec).slice(0, count));
    return [
      stats.preemptionCount > 0,
      stats.prefixCache.hitTokens > 0,
      stats.speculation.acceptedTokens > 0,
      stats.ended.cancelled > 0,
    ];
  }

  it("gives every request its own text, ends every one, and gets every block back", async () => {
    const reached = [0, 0, 0, 0];
    const property = fc.asyncProperty(scenarios, async (scenario) => {
      for (const [i, was] of (await check(scenario)).entries()) if (was) reached[i]!++;
    });
    await fc.assert(property, { numRuns: RUN_COUNT, seed: 7 });
    expect(Math.min(...reached)).toBeGreaterThan(RUN_COUNT / 100);
  }, 300_000);
});
