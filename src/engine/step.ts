/**
 * What the engine asks of whatever runs the model: one step over a batch of
 * sequences. Integers only; the engine never learns what is behind a Runner.
 */

/** Stands for the token the previous step sampled for a slot, which only the runner knows yet. */
export const SAMPLED = -1;

/** How the successor of a token is chosen. */
export interface Sampling {
  /** 0 takes the likeliest token; anything above divides the logits. */
  readonly temperature: number;
  /** Keep only the `topK` likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the smallest set of tokens whose probability reaches `topP`; 1 keeps all. */
  readonly topP: number;
  /** Drop tokens less likely than `minP` times the likeliest; 0 drops none. */
  readonly minP: number;
  /** Divides (positive) or multiplies (negative) the logits of tokens already in the context; 1 is off. */
  readonly repetitionPenalty: number;
  /** Subtracted once from the logit of every token already generated; 0 is off. */
  readonly presencePenalty: number;
  /** Subtracted from a token's logit for each time it was generated; 0 is off. */
  readonly frequencyPenalty: number;
  /** Unsigned 32-bit. The choice depends on (seed, position, token) alone, never on the batch. */
  readonly seed: number;
}

/** Tokens that penalties count, as of a sequence's arrival in its slot. */
export interface TokenHistory {
  readonly prompt: readonly number[];
  readonly output: readonly number[];
}

/** One sequence's share of a step. */
export interface SequenceStep {
  /** Where the runner keeps per-sequence state; below `limits.maxSequences`, unique among live sequences. */
  readonly slot: number;
  /** Input ids. The first may be `SAMPLED`. */
  readonly tokens: readonly number[];
  /** Position of `tokens[0]`; the KV of all earlier positions is already in `blocks`. */
  readonly position: number;
  /** Block table covering positions 0 to `position + tokens.length - 1`, at least. */
  readonly blocks: readonly number[];
  /**
   * How many of the last input tokens get logits and a sampled successor: 0 while a
   * prompt is incomplete, 1 as a rule, 1 + drafts when drafts are being verified.
   */
  readonly sampleCount: number;
  readonly sampling: Sampling;
  /** Given when the sequence enters its slot and uses penalties; replaces what the slot remembered. */
  readonly history?: TokenHistory;
}

/** Sequences of up to `MAX_DECODE_TOKENS` input tokens stand first, longer ones (prompt chunks) after them. */
export interface StepPlan {
  readonly sequences: readonly SequenceStep[];
}

/** Up to this many input tokens of one sequence are served as decode rows. */
export const MAX_DECODE_TOKENS = 8;

export interface SampledToken {
  readonly id: number;
  /** Natural logarithm of the token's probability under the raw (untempered, unpenalised) logits. */
  readonly logprob: number;
}

/** Milliseconds a step spent where. */
export interface StepTimings {
  /** Building the metadata and encoding the commands, on the CPU. */
  readonly encodeMs: number;
  /** From submission to the result's arrival, including the wait behind earlier steps. */
  readonly runMs: number;
  /** Of `runMs`, the work itself: from submission, or the end of the step before, until the work was done. */
  readonly gpuMs?: number;
  /** Of `runMs`, what reading the result back added once the work was done. */
  readonly readBackMs?: number;
  /** Each kernel launch, in order, where the runner was asked to time them. */
  readonly kernels?: readonly KernelTiming[];
}

export interface KernelTiming {
  readonly name: string;
  /** From the beginning of the step's first launch. */
  readonly startMs: number;
  readonly durationMs: number;
}

export interface StepResult {
  /** `sampled[i]` has `plan.sequences[i].sampleCount` tokens. */
  readonly sampled: readonly (readonly SampledToken[])[];
  readonly timings: StepTimings;
  /** How attention was launched, where the runner plans it. */
  readonly attention?: readonly AttentionLaunch[];
}

/** One attention launch of a step. */
export interface AttentionLaunch {
  readonly kernel: string;
  readonly workgroups: number;
  /** Rows served: heads times query tokens. */
  readonly rows: number;
  /** Rows and keys a workgroup takes at a time. */
  readonly tileRows?: number;
  readonly tileKeys?: number;
  /** The most segments that one row's keys were cut into. */
  readonly segments?: number;
}

/** What a runner can take, fixed when its model is loaded. */
export interface RunnerLimits {
  /** Tokens in one KV block. */
  readonly blockSize: number;
  /** KV blocks in all; ids run from 0. */
  readonly blockCount: number;
  /** Sequences in one step, and slots. */
  readonly maxSequences: number;
  /** Input tokens in one step, over all sequences. */
  readonly maxStepTokens: number;
  /** Positions one sequence may reach. */
  readonly contextLen: number;
  readonly vocabSize: number;
}

/** How a runner wants to be used; the engine plans within it. */
export interface RunnerCapabilities {
  /** Whether blocks that one sequence filled may be given to another to read. */
  readonly prefixReuse: boolean;
  /** Steps that are worth submitting before the first of them has resolved. */
  readonly stepsInFlight: number;
}

export interface Runner {
  readonly limits: RunnerLimits;
  /** Prefix reuse and two steps in flight where undefined. */
  readonly capabilities?: RunnerCapabilities;
  /**
   * Submits a step and resolves with what it sampled. May be called again before the
   * previous step resolved; steps run, and resolve, in the order they were submitted.
   */
  execute(plan: StepPlan): Promise<StepResult>;
  /** What the runner has to say of itself: plain data, fit for JSON. */
  stats?(): Readonly<Record<string, unknown>>;
  dispose(): void;
}
