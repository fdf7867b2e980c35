import type { Batch } from "./batch.ts";
import type { EndReason, Request } from "./request.ts";
import type { Scheduler } from "./scheduler.ts";
import type { StepTimings } from "./step.ts";

/** Quantiles of a duration in milliseconds; 0 while nothing was measured. */
export interface Latency {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** The latest durations of one kind, in a ring of fixed size. */
export class Durations {
  readonly #latest: number[] = [];
  readonly #capacity: number;
  #count = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(ms: number): void {
    this.#latest[this.#count++ % this.#capacity] = ms;
  }

  /** `count` is of all ever added, the quantiles are of the latest. */
  get latency(): Latency {
    const sorted = this.#latest.toSorted((a, b) => a - b);
    const quantile = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    return { count: this.#count, p50: quantile(0.5), p99: quantile(0.99) };
  }
}

/** A snapshot of the engine: plain data, fit for JSON. */
export interface EngineSnapshot {
  readonly runningCount: number;
  readonly waitingCount: number;
  readonly stepCount: number;
  /** Input tokens of all steps: prompts, recomputation, decoding and drafts. */
  readonly inputTokens: number;
  /** Tokens delivered. */
  readonly outputTokens: number;
  /** Tokens sampled for requests that had ended when the result came. */
  readonly discardedTokens: number;
  readonly preemptionCount: number;
  /** Ended requests by reason. */
  readonly ended: Readonly<Record<EndReason, number>>;
  readonly blocks: { readonly total: number; readonly used: number; readonly cached: number };
  readonly prefixCache: {
    readonly queriedTokens: number;
    readonly hitTokens: number;
    readonly hitRate: number;
  };
  readonly speculation: {
    readonly draftedTokens: number;
    readonly acceptedTokens: number;
    readonly acceptanceRate: number;
  };
  readonly latencyMs: {
    readonly queue: Latency;
    readonly firstToken: Latency;
    readonly interToken: Latency;
    readonly encode: Latency;
    readonly run: Latency;
    /** Of `run`, the work itself and the reading back of its result, where the runner tells them apart. */
    readonly gpu: Latency;
    readonly readBack: Latency;
  };
  /** What the latest failed step failed with. */
  readonly failure?: string;
}

const RING_SIZE = 2048;

/** What the engine has done so far: counts, and durations of the latest past. */
export class Metrics {
  stepCount = 0;
  inputTokens = 0;
  outputTokens = 0;
  discardedTokens = 0;
  readonly ended: Record<EndReason, number> = { stop: 0, length: 0, cancelled: 0, error: 0 };
  readonly queue = new Durations(RING_SIZE);
  readonly firstToken = new Durations(RING_SIZE);
  readonly interToken = new Durations(RING_SIZE);
  readonly encode = new Durations(RING_SIZE);
  readonly run = new Durations(RING_SIZE);
  readonly gpu = new Durations(RING_SIZE);
  readonly readBack = new Durations(RING_SIZE);

  /** A step is on its way; for some requests it is the first. */
  addBatch(batch: Batch, nowMs: number): void {
    for (const { request } of batch.entries) {
      if (request.startedMs !== undefined) continue;
      request.startedMs = nowMs;
      this.queue.add(nowMs - request.arrivedMs);
    }
  }

  addResult(batch: Batch, { encodeMs, runMs, gpuMs, readBackMs }: StepTimings): void {
    this.stepCount++;
    this.inputTokens += batch.tokenCount;
    this.encode.add(encodeMs);
    this.run.add(runMs);
    if (gpuMs !== undefined) this.gpu.add(gpuMs);
    if (readBackMs !== undefined) this.readBack.add(readBackMs);
    for (const { request, step } of batch.entries)
      if (request.ended) this.discardedTokens += step.sampleCount;
  }

  /** A request got a token. Several at once, from verified drafts, are one gap for whoever reads them. */
  addToken(request: Request, nowMs: number): void {
    const { latestTokenMs } = request;
    this.outputTokens++;
    if (latestTokenMs === undefined) {
      request.firstTokenMs = nowMs;
      this.firstToken.add(nowMs - request.arrivedMs);
    } else if (latestTokenMs !== nowMs) {
      request.gaps.add(nowMs - latestTokenMs);
      this.interToken.add(nowMs - latestTokenMs);
    }
    request.latestTokenMs = nowMs;
  }
}

/** What scheduler and metrics say at this moment. */
export function snapshot(scheduler: Scheduler, metrics: Metrics, failure: unknown): EngineSnapshot {
  const { pool, prefixes, draftedTokens, acceptedTokens } = scheduler;
  const { stepCount, inputTokens, outputTokens, discardedTokens } = metrics;
  return {
    runningCount: scheduler.running.length,
    waitingCount: scheduler.waiting.length,
    stepCount,
    inputTokens,
    outputTokens,
    discardedTokens,
    preemptionCount: scheduler.preemptionCount,
    ended: { ...metrics.ended },
    blocks: { total: pool.size, used: pool.usedCount, cached: prefixes.blockCount },
    prefixCache: {
      queriedTokens: prefixes.queriedTokens,
      hitTokens: prefixes.hitTokens,
      hitRate: prefixes.hitRate,
    },
    speculation: {
      draftedTokens,
      acceptedTokens,
      acceptanceRate: draftedTokens === 0 ? 0 : acceptedTokens / draftedTokens,
    },
    latencyMs: {
      queue: metrics.queue.latency,
      firstToken: metrics.firstToken.latency,
      interToken: metrics.interToken.latency,
      encode: metrics.encode.latency,
      run: metrics.run.latency,
      gpu: metrics.gpu.latency,
      readBack: metrics.readBack.latency,
    },
    ...(failure === undefined ? {} : { failure: String(failure) }),
  };
}
