import { Durations } from "./metrics.ts";
import type { Prefix } from "./prefix-cache.ts";
import { Speculation } from "./speculation.ts";
import type { SampledToken, Sampling } from "./step.ts";

export type EndReason = "stop" | "length" | "cancelled" | "error";

export interface RequestUsage {
  readonly promptTokens: number;
  /** Prompt tokens whose keys and values were found in the prefix cache. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

export interface RequestTimings {
  /** From arrival to the first step that served the request, or to its end. */
  readonly queueMs: number;
  /** From arrival to the first token, or to the end of a request that got none. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
  /** Between tokens: half of the gaps were at most this long. */
  readonly interTokenP50Ms: number;
  readonly interTokenP99Ms: number;
}

export interface RequestEnd {
  readonly reason: EndReason;
  /** Given when the reason is "error". */
  readonly error?: unknown;
  readonly usage: RequestUsage;
  readonly timings: RequestTimings;
}

/** Where a request's tokens go. An exception thrown here ends this request and no other. */
export interface TokenSink {
  /** Called for each token in order; true ends the request after it with reason "stop". */
  onToken(token: SampledToken): boolean;
  /** Called once, last. */
  onEnd(end: RequestEnd): void;
}

/** What is asked of the engine. */
export interface RequestOptions {
  readonly promptIds: readonly number[];
  readonly sampling: Sampling;
  /** Most tokens to generate; what the context leaves by default. */
  readonly maxTokens?: number;
  /** Tokens that end the request and are not delivered. */
  readonly stopIds?: Iterable<number>;
  /** Higher goes first; 0 by default. */
  readonly priority?: number;
  /** Prompt prefixes are shared only between requests of the same salt. */
  readonly salt?: string;
  /** Drafts tokens from earlier occurrences of the latest ones; off by default. */
  readonly speculate?: boolean;
  readonly sink: TokenSink;
}

/**
 * A request on its way: plain data that the scheduler moves forward. There is no prefill and no decode;
 * `computedTokens` chases `tokenCount`, a whole prompt behind at first and one token behind later.
 */
export class Request {
  /** Prompt and output so far, as far as the host knows them. */
  readonly tokens: number[];
  readonly promptTokens: number;
  readonly sampling: Sampling;
  readonly stopIds: ReadonlySet<number>;
  readonly priority: number;
  readonly salt: string;
  readonly sink: TokenSink;
  readonly speculation: Speculation | undefined;

  /** Tokens whose keys and values submitted steps write; includes drafts until they are judged. */
  computedTokens = 0;
  /** Tokens that submitted steps sample and the host does not know yet. */
  pendingTokens = 0;
  /** Where the runner keeps this sequence; `undefined` while it waits. */
  slot: number | undefined;
  /** No step has served it in its slot yet. */
  entering = false;
  blocks: number[] = [];
  /** Hashed beginnings of `tokens`, a block each. */
  readonly chain: Prefix[] = [];
  /** Leading blocks that have been offered to the prefix cache. */
  filedBlocks = 0;
  /** Prompt tokens the prefix cache had on first admission. */
  cachedTokens = 0;
  ended = false;
  startedMs: number | undefined;
  firstTokenMs: number | undefined;
  latestTokenMs: number | undefined;
  /** Between tokens. */
  readonly gaps = new Durations(256);

  constructor(
    readonly id: number,
    options: RequestOptions,
    /** Tokens, prompt and output together, at which the request ends. */
    readonly tokenLimit: number,
    readonly arrivedMs: number,
  ) {
    this.tokens = [...options.promptIds];
    this.promptTokens = options.promptIds.length;
    this.sampling = options.sampling;
    this.stopIds = new Set(options.stopIds);
    this.priority = options.priority ?? 0;
    this.salt = options.salt ?? "";
    this.sink = options.sink;
    // Penalties count the tokens before each sample, and of drafts nobody knows yet which will count.
    this.speculation = options.speculate && !this.penalised ? new Speculation() : undefined;
  }

  /** Tokens there are, known or not. */
  get tokenCount(): number {
    return this.tokens.length + this.pendingTokens;
  }

  /** Tokens a step could compute now; none while drafts are being judged, which are ahead of what is known. */
  get uncomputedTokens(): number {
    return this.tokenCount - this.computedTokens;
  }

  get outputTokens(): number {
    return this.tokens.length - this.promptTokens;
  }

  /** Tokens that may still be sampled. */
  get remainingTokens(): number {
    return this.tokenLimit - this.tokenCount;
  }

  /** Whether a step may carry it further. */
  get steppable(): boolean {
    return this.remainingTokens > 0;
  }

  get penalised(): boolean {
    const { repetitionPenalty, presencePenalty, frequencyPenalty } = this.sampling;
    return repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0;
  }

  get usage(): RequestUsage {
    const { promptTokens, cachedTokens, outputTokens } = this;
    return { promptTokens, cachedTokens, outputTokens };
  }

  timings(nowMs: number): RequestTimings {
    const { p50, p99 } = this.gaps.latency;
    return {
      queueMs: (this.startedMs ?? nowMs) - this.arrivedMs,
      firstTokenMs: (this.firstTokenMs ?? nowMs) - this.arrivedMs,
      totalMs: nowMs - this.arrivedMs,
      interTokenP50Ms: p50,
      interTokenP99Ms: p99,
    };
  }

  /** Negative where this one goes before `other`: by priority, then by arrival. */
  compare(other: Request): number {
    return other.priority - this.priority || this.id - other.id;
  }
}
