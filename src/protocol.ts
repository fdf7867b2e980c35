/** What crosses the boundary between the page and the worker. Types only. */
import type { EngineSnapshot } from "./engine/metrics.ts";
import type { RequestTimings, RequestUsage } from "./engine/request.ts";

export type { Latency } from "./engine/metrics.ts";
export type { RequestTimings, RequestUsage as Usage };

export type Role = "system" | "user" | "assistant" | "tool";

/** One turn of a conversation, in the form the OpenAI chat API has made common. */
export interface Message {
  readonly role: Role;
  readonly content: string;
  readonly name?: string;
  readonly tool_calls?: readonly ToolCall[];
  readonly tool_call_id?: string;
}

export interface ToolCall {
  readonly id?: string;
  readonly type?: "function";
  readonly function: {
    readonly name: string;
    readonly arguments: string | Readonly<Record<string, unknown>>;
  };
}

/** A function the model may call; `parameters` is a JSON schema. */
export interface Tool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
}

export interface LoadOptions {
  /** A model folder's address (absolute or relative to the page), or a hub repository `owner/name[@revision]`. */
  readonly model: string;
  /** What relative addresses are relative to. */
  readonly baseUrl: string;
  /** Most positions a sequence may reach; the model's own limit by default, as far as memory allows. */
  readonly contextLen?: number;
  /** Bytes of GPU memory the KV cache may take. */
  readonly kvBudgetBytes?: number;
  /** How keys and values are stored. */
  readonly kvType?: KvType;
  /** Sequences that may run at once. */
  readonly maxSequences?: number;
  /** Which steps are encoded from recorded lists; "full", the fastest, by default. */
  readonly recording?: RecordingMode;
  /** How attention is launched; "split", prompts and decode rows apart, by default. */
  readonly attention?: AttentionMode;
  /** Cuts long contexts at the same places whatever else runs, so that a stream's text never depends on its company. */
  readonly deterministic?: boolean;
  /**
   * What attention is tuned by: what an earlier load on this device measured, or this one where none did ("stored",
   * unless the device is a CPU in disguise); what this load measures ("measured"); or nothing, forgetting what was
   * stored ("default").
   */
  readonly attentionTuning?: AttentionTuningChoice;
  /** What computes: WebGPU on a graphics card, or else WebAssembly, by default. */
  readonly runner?: RunnerKind;
  /** How the WebAssembly runner holds the weights: "int8", the fastest, by default, or exactly as "f32". */
  readonly wasmWeights?: "int8" | "f32";
  /** Threads of the WebAssembly runner; one for every two cores by default, where the page may have any. */
  readonly wasmThreads?: number;
  /** Times every kernel, where the device can; slows steps down. */
  readonly profile?: boolean;
}

export type KvType = "f32" | "f16" | "int8";

export type AttentionMode = "unified" | "split" | "tallTileOnly" | "splitKvOnly";

export type AttentionTuningChoice = "stored" | "measured" | "default";

export type RunnerKind = "webgpu" | "wasm";

/** What runs a model, and why that. */
export interface RunnerChoice {
  readonly kind: RunnerKind;
  readonly reason: string;
}

export type RecordingMode = "none" | "piecewise" | "full" | "fullDecodeOnly" | "fullAndPiecewise";

export interface LoadProgress {
  readonly phase: "open" | "weights" | "compile" | "ready";
  readonly loadedBytes: number;
  /** 0 while unknown. */
  readonly totalBytes: number;
}

/** What was loaded, on what, and how its memory was planned. */
export interface LoadedModel {
  readonly model: string;
  readonly architecture: string;
  readonly parameterCount: number;
  readonly contextLen: number;
  readonly vocabSize: number;
  readonly chat: boolean;
  readonly adapter: { readonly vendor: string; readonly description: string; readonly software: boolean };
  readonly memory: MemoryPlan;
  /** Absent where the caller brought a runner of its own. */
  readonly runner?: RunnerChoice;
}

/** GPU memory, by what it is for. */
export interface MemoryPlan {
  readonly weightBytes: number;
  readonly kvBytes: number;
  readonly scratchBytes: number;
  readonly kvType: KvType;
  readonly blockSize: number;
  readonly blockCount: number;
}

export interface SamplingOptions {
  /** 0 is greedy. */
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repetitionPenalty?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  /** Unsigned 32-bit integer; random by default. */
  readonly seed?: number;
}

export interface RequestOptions extends SamplingOptions {
  /** Most tokens to generate; what the context leaves by default. */
  readonly maxTokens?: number;
  /** The answer ends before the first of these strings. */
  readonly stop?: string | readonly string[];
  readonly stopTokenIds?: readonly number[];
  /** Functions offered to the model, where its chat template has a place for them. */
  readonly tools?: readonly Tool[];
  /** Higher runs first; 0 by default. */
  readonly priority?: number;
  /** Requests share cached prompt prefixes only with requests of the same salt. */
  readonly cacheSalt?: string;
  /** Guesses tokens from the text so far and checks several in one step: the same text, sooner. On by default. */
  readonly speculate?: boolean;
  /** Delivers the log-probability of each token along with it. */
  readonly logprobs?: boolean;
}

/** A prompt to continue as it is, or a conversation for the model's chat template. */
export type Prompt = string | readonly Message[];

export type FinishReason = "stop" | "length";

export interface GenerateResult {
  readonly text: string;
  readonly tokenIds: readonly number[];
  /** Natural logarithm of each token's probability, where it was asked for. */
  readonly logprobs?: readonly number[];
  readonly finishReason: FinishReason;
  readonly usage: RequestUsage;
  readonly timings: RequestTimings;
}

/** Something that happened to a stream. Each step sends one batch of them for all streams. */
export type StreamEvent =
  | {
      readonly id: number;
      readonly type: "text";
      readonly text: string;
      readonly tokenIds: readonly number[];
      readonly logprobs?: readonly number[];
    }
  | { readonly id: number; readonly type: "end"; readonly result: GenerateResult }
  | { readonly id: number; readonly type: "error"; readonly error: ErrorShape };

/** An error as it crosses a thread. */
export interface ErrorShape {
  readonly name: string;
  readonly message: string;
}

/** A snapshot of the engine: plain data, fit for JSON. What runs the model may add figures of its own. */
export interface EngineStats extends EngineSnapshot {
  readonly memory: MemoryPlan;
  readonly adapter: LoadedModel["adapter"];
  readonly [name: string]: unknown;
}

/** The handful of functions the worker exposes. */
export interface RuntimeApi {
  load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel>;
  cancelLoad(): void;
  /** Where the events of all streams go, in batches. */
  listen(onEvents: (events: readonly StreamEvent[]) => void): void;
  /** Starts `count` answers to one prompt, 1 by default, as the streams `firstId` and up. */
  start(firstId: number, prompt: Prompt, options: RequestOptions, count?: number): void;
  cancel(id: number): void;
  stats(): EngineStats;
  dispose(): void;
}
