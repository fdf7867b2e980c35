/** What crosses the boundary between the page and the worker. Types only. */

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
}

export type KvType = "f32" | "f16";

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
}

/** A prompt to continue as it is, or a conversation for the model's chat template. */
export type Prompt = string | readonly Message[];

export interface Usage {
  readonly promptTokens: number;
  /** Prompt tokens whose keys and values were found in the prefix cache. */
  readonly cachedTokens: number;
  readonly outputTokens: number;
}

export interface RequestTimings {
  /** From arrival to the first step that served the request. */
  readonly queueMs: number;
  /** From arrival to the first token. */
  readonly firstTokenMs: number;
  readonly totalMs: number;
}

export type FinishReason = "stop" | "length";

export interface GenerateResult {
  readonly text: string;
  readonly tokenIds: readonly number[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
  readonly timings: RequestTimings;
}

/** Something that happened to a stream. Each step sends one batch of them for all streams. */
export type StreamEvent =
  | {
      readonly id: number;
      readonly type: "text";
      readonly text: string;
      readonly tokenIds: readonly number[];
    }
  | { readonly id: number; readonly type: "end"; readonly result: GenerateResult }
  | { readonly id: number; readonly type: "error"; readonly error: ErrorShape };

/** An error as it crosses a thread. */
export interface ErrorShape {
  readonly name: string;
  readonly message: string;
}

/** A snapshot of the engine: plain data, fit for JSON. */
export interface EngineStats {
  readonly runningCount: number;
  readonly waitingCount: number;
  readonly [name: string]: unknown;
}

/** The handful of functions the worker exposes. */
export interface RuntimeApi {
  load(options: LoadOptions, onProgress: (progress: LoadProgress) => void): Promise<LoadedModel>;
  cancelLoad(): void;
  /** Where the events of all streams go, in batches. */
  listen(onEvents: (events: readonly StreamEvent[]) => void): void;
  start(id: number, prompt: Prompt, options: RequestOptions): void;
  cancel(id: number): void;
  stats(): EngineStats;
  dispose(): void;
}
