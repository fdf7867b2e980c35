import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EngineSnapshot } from "../../../src/engine/metrics.ts";
import { FakeRunner, runAlone } from "../../support/fake-runner.ts";
import { checkOutcomes } from "../../support/outcome.ts";
import { PlanWitness } from "../../support/plan-witness.ts";
import { Play } from "../../support/play.ts";
import { type Scenario, scenarios } from "../../support/scenario.ts";

const RUN_COUNT = 6000;

async function check(scenario: Scenario): Promise<EngineSnapshot> {
  const { limits, options, failingSteps } = scenario;
  const witness = new PlanWitness(scenario);
  const runner = new FakeRunner(limits, { fails: (step) => failingSteps.includes(step) });
  const play = new Play(scenario, runner, (plan, engine) => {
    witness.see(plan);
    engine.checkIntegrity();
  });
  await play.run();
  expect(runner.deepest).toBeLessThanOrEqual(options.asynchronous ? 2 : 1);
  return checkOutcomes(play, scenario, ({ promptIds, sampling }, count) =>
    runAlone(promptIds, sampling, count, limits),
  );
}

describe("the engine, in random scenarios", () => {
  test("gives every request its own text, ends every one, and gets every block back", async () => {
    const reached = {
      preempted: 0,
      shared: 0,
      accepted: 0,
      rejected: 0,
      discarded: 0,
      failed: 0,
      cancelled: 0,
    };
    const property = fc.asyncProperty(scenarios, async (scenario) => {
      const stats = await check(scenario);
      const { draftedTokens, acceptedTokens } = stats.speculation;
      if (stats.preemptionCount > 0) reached.preempted++;
      if (stats.prefixCache.hitTokens > 0) reached.shared++;
      if (acceptedTokens > 0) reached.accepted++;
      if (draftedTokens > acceptedTokens) reached.rejected++;
      if (stats.discardedTokens > 0) reached.discarded++;
      if (stats.failure) reached.failed++;
      if (stats.ended.cancelled > 0) reached.cancelled++;
    });
    await fc.assert(property, { numRuns: RUN_COUNT });
    // What a scenario never does, it does not test.
    for (const [what, count] of Object.entries(reached)) expect(count, what).toBeGreaterThan(RUN_COUNT / 50);
  });
});
