import { expect } from "vitest";
import type { EngineSnapshot } from "../../src/engine/metrics.ts";
import type { EndReason } from "../../src/engine/request.ts";
import type { SampledToken } from "../../src/engine/step.ts";
import { CapacityError } from "../../src/errors.ts";
import type { Outcome, Play } from "./play.ts";
import type { RequestSpec, Scenario } from "./scenario.ts";

/** What a model yields for a request that runs alone, as many tokens as there is room for. */
export type Alone = (spec: RequestSpec, count: number) => readonly SampledToken[];

/** Tokens that a request may generate; not above 0 for one that is to be refused. */
export function lengthLimit({ promptIds, maxTokens }: RequestSpec, { limits }: Scenario): number {
  const contextLen = Math.min(limits.contextLen, limits.blockCount * limits.blockSize);
  return Math.min(maxTokens ?? Number.POSITIVE_INFINITY, contextLen - promptIds.length);
}

/** Holds a scenario's outcomes against its requests' runs alone, and the engine's figures against the outcomes. */
export function checkOutcomes({ outcomes, engine }: Play, scenario: Scenario, alone: Alone): EngineSnapshot {
  for (const outcome of outcomes) checkOutcome(outcome, scenario, alone);
  engine.checkIntegrity();
  const stats = engine.stats();
  expect(stats).toMatchObject({ runningCount: 0, waitingCount: 0, blocks: { used: 0 } });
  if (scenario.options.prefixCache === false) expect(stats.blocks.cached).toBe(0);
  const taken = outcomes.filter(({ refusal }) => !refusal);
  expect(Object.values(stats.ended).reduce((sum, count) => sum + count, 0)).toBe(taken.length);
  expect(stats.outputTokens).toBe(taken.reduce((sum, { tokens }) => sum + tokens.length, 0));
  return stats;
}

function checkOutcome({ spec, tokens, end, refusal }: Outcome, scenario: Scenario, alone: Alone): void {
  const { limits, failingSteps, options } = scenario;
  if (refusal) {
    expect(refusal).toBeInstanceOf(CapacityError);
    expect(lengthLimit(spec, scenario)).toBeLessThanOrEqual(0);
    return;
  }
  const expected = uninterrupted(spec, scenario, alone);
  const { reason, usage, timings, error } = end!;
  expect(tokens).toEqual(expected.tokens.slice(0, tokens.length));
  const failed = reason === "error" && failingSteps.length > 0 && /step \d+ failed/.test(String(error));
  const cancelled = reason === "cancelled" && spec.cancelledAfter !== undefined;
  if (!failed && !cancelled) expect({ tokens, reason }).toEqual(expected);
  expect(usage.outputTokens).toBe(tokens.length);
  expect(usage.cachedTokens).toBeLessThan(usage.promptTokens);
  expect(usage.cachedTokens % limits.blockSize).toBe(0);
  if (options.prefixCache === false) expect(usage.cachedTokens).toBe(0);
  expect(timings.queueMs).toBeGreaterThan(0);
  expect(timings.firstTokenMs).toBeGreaterThanOrEqual(timings.queueMs);
  expect(timings.totalMs).toBeGreaterThanOrEqual(timings.firstTokenMs);
}

/** How a request ends that nobody cancels and no failure reaches. */
function uninterrupted(
  spec: RequestSpec,
  scenario: Scenario,
  alone: Alone,
): { readonly tokens: readonly SampledToken[]; readonly reason: EndReason } {
  const { stopIds, reader } = spec;
  const text = alone(spec, lengthLimit(spec, scenario));
  const stopAt = text.findIndex(({ id }) => stopIds.includes(id));
  const own = stopAt < 0 ? text : text.slice(0, stopAt);
  if (reader.does === "nothing" || own.length < reader.after) {
    return { tokens: own, reason: stopAt < 0 ? "length" : "stop" };
  }
  const reasons = { stop: "stop", cancel: "cancelled", throw: "error" } as const;
  return { tokens: own.slice(0, reader.after), reason: reasons[reader.does] };
}
