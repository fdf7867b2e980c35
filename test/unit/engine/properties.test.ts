import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EngineSnapshot } from "../../../src/engine/metrics.ts";
import { CapacityError } from "../../../src/errors.ts";
import { FakeRunner, runAlone } from "../../support/fake-runner.ts";
import { PlanWitness } from "../../support/plan-witness.ts";
import { type Outcome, Play } from "../../support/play.ts";
import { type RequestSpec, type Scenario, scenarios } from "../../support/scenario.ts";

const RUN_COUNT = 6000;

/** How a request ends that nobody cancels and no failure reaches, by its text when it runs alone. */
function uninterrupted(spec: RequestSpec, { limits }: Scenario) {
  const { promptIds, sampling, maxTokens = Number.POSITIVE_INFINITY, stopIds, reader } = spec;
  const contextLen = Math.min(limits.contextLen, limits.blockCount * limits.blockSize);
  const lengthLimit = Math.min(maxTokens, contextLen - promptIds.length);
  const text = runAlone(promptIds, sampling, lengthLimit, limits);
  const stopAt = text.findIndex(({ id }) => stopIds.includes(id));
  const own = stopAt < 0 ? text : text.slice(0, stopAt);
  const reads = reader.does !== "nothing" && own.length >= reader.after;
  if (!reads) return { tokens: own, reason: stopAt < 0 ? "length" : "stop" };
  const reason = { stop: "stop", cancel: "cancelled", throw: "error" }[reader.does as "stop"];
  return { tokens: own.slice(0, reader.after), reason };
}

function checkOutcome({ spec, tokens, end, refusal }: Outcome, scenario: Scenario): void {
  const { limits, failingSteps, options } = scenario;
  if (refusal) {
    const contextLen = Math.min(limits.contextLen, limits.blockCount * limits.blockSize);
    expect(refusal).toBeInstanceOf(CapacityError);
    expect(spec.promptIds.length).toBeGreaterThanOrEqual(contextLen);
    return;
  }
  const expected = uninterrupted(spec, scenario);
  const { reason, usage, timings, error } = end!;
  expect(tokens).toEqual(expected.tokens.slice(0, tokens.length));
  const failed = reason === "error" && failingSteps.length > 0 && /step \d+ failed/.test(String(error));
  const cancelled = reason === "cancelled" && spec.cancelledAfter !== undefined;
  if (!failed && !cancelled) {
    expect({ tokens, reason }).toEqual(expected);
  }
  expect(usage.outputTokens).toBe(tokens.length);
  expect(usage.cachedTokens).toBeLessThan(usage.promptTokens);
  expect(usage.cachedTokens % limits.blockSize).toBe(0);
  if (options.prefixCache === false) expect(usage.cachedTokens).toBe(0);
  expect(timings.queueMs).toBeGreaterThan(0);
  expect(timings.firstTokenMs).toBeGreaterThanOrEqual(timings.queueMs);
  expect(timings.totalMs).toBeGreaterThanOrEqual(timings.firstTokenMs);
}

async function check(scenario: Scenario): Promise<EngineSnapshot> {
  const witness = new PlanWitness(scenario);
  const failing = new Set(scenario.failingSteps);
  const runner = new FakeRunner(scenario.limits, { fails: (step) => failing.has(step) });
  const { asynchronous, prefixCache } = scenario.options;
  const play = new Play(scenario, runner, (plan, engine) => {
    witness.see(plan);
    engine.checkIntegrity();
  });
  const outcomes = await play.run();
  for (const outcome of outcomes) checkOutcome(outcome, scenario);

  const { engine } = play;
  const stats = engine.stats();
  engine.checkIntegrity();
  expect(runner.deepest).toBeLessThanOrEqual(asynchronous ? 2 : 1);
  expect(stats).toMatchObject({ runningCount: 0, waitingCount: 0, blocks: { used: 0 } });
  if (prefixCache === false) expect(stats.blocks.cached).toBe(0);
  const taken = outcomes.filter(({ refusal }) => !refusal);
  expect(Object.values(stats.ended).reduce((sum, count) => sum + count, 0)).toBe(taken.length);
  expect(stats.outputTokens).toBe(taken.reduce((sum, { tokens }) => sum + tokens.length, 0));
  return stats;
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
