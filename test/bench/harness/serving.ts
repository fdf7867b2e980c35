import { Engine, type EngineOptions } from "../../../src/engine/engine.ts";
import type { EngineSnapshot } from "../../../src/engine/metrics.ts";
import type { RequestEnd } from "../../../src/engine/request.ts";
import type { Runner, Sampling } from "../../../src/engine/step.ts";
import { greedy } from "../../support/greedy.ts";
import { quantile } from "./samples.ts";

/** A request of a benchmark. */
export interface Job {
  readonly promptIds: readonly number[];
  readonly maxTokens: number;
  readonly sampling?: Sampling;
  readonly speculate?: boolean;
  readonly stopIds?: readonly number[];
}

/** What a job was like for whoever waited for it. */
export interface Served {
  readonly startedMs: number;
  /** When each token came. */
  readonly tokenMs: readonly number[];
  readonly end: RequestEnd;
}

export interface Serving {
  readonly served: readonly Served[];
  readonly durationMs: number;
  readonly stats: EngineSnapshot;
}

/** Starts one job; resolves with when its tokens came. */
export function serveOne(engine: Engine, { sampling = greedy, ...job }: Job): Promise<Served> {
  const startedMs = performance.now();
  const tokenMs: number[] = [];
  return new Promise((resolve, reject) => {
    const onToken = () => {
      tokenMs.push(performance.now());
      return false;
    };
    const onEnd = (end: RequestEnd) =>
      end.error === undefined ? resolve({ startedMs, tokenMs, end }) : reject(end.error);
    engine.add({ ...job, sampling, sink: { onToken, onEnd } });
  });
}

/** Serves jobs on an engine of their own, all at once or one after another. */
export async function serve(
  runner: Runner,
  jobs: readonly Job[],
  { queue = false, ...options }: EngineOptions & { readonly queue?: boolean } = {},
): Promise<Serving> {
  const engine = new Engine(lent(runner), options);
  const startedMs = performance.now();
  const served: Served[] = [];
  if (queue) for (const job of jobs) served.push(await serveOne(engine, job));
  else served.push(...(await Promise.all(jobs.map((job) => serveOne(engine, job)))));
  return { served, durationMs: performance.now() - startedMs, stats: engine.stats() };
}

/** A runner for an engine that is let go of while the runner is kept. */
export function lent(runner: Runner): Runner {
  return {
    limits: runner.limits,
    get capabilities() {
      return runner.capabilities ?? { prefixReuse: true, stepsInFlight: 2 };
    },
    execute: (plan) => runner.execute(plan),
    dispose: () => {},
  };
}

export function tokenCount(served: readonly Served[]): number {
  return served.reduce((sum, { tokenMs }) => sum + tokenMs.length, 0);
}

/** Milliseconds between tokens, of all jobs together. */
export function gapsOf(served: readonly Served[]): number[] {
  return served.flatMap(({ tokenMs }) => tokenMs.slice(1).map((ms, i) => ms - tokenMs[i]!));
}

export function gapQuantiles(served: readonly Served[]): { readonly p50: number; readonly p99: number } {
  const gaps = gapsOf(served);
  return { p50: quantile(gaps, 0.5), p99: quantile(gaps, 0.99) };
}
