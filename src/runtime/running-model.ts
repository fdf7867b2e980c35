import type { Runner } from "../engine/step.ts";
import type { GenerationConfig } from "../model/generation-config.ts";
import type { LoadedModel, LoadOptions, LoadProgress } from "../protocol.ts";
import type { FileSource } from "../store/source.ts";
import type { ChatTemplate } from "../text/chat-template.ts";
import type { Tokenizer } from "../text/tokenizer.ts";

/** A model ready to answer, with all that its text needs. What computes it stays behind `runner`. */
export interface RunningModel {
  readonly description: LoadedModel;
  readonly generation: GenerationConfig;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | undefined;
  /** Disposed of by its engine. */
  readonly runner: Runner;
  /** Frees what the runner does not: weights, device. */
  dispose(): void;
}

export interface OpenContext {
  readonly source: FileSource;
  readonly options: LoadOptions;
  readonly onProgress: (progress: LoadProgress) => void;
  readonly signal: AbortSignal;
}

/** Loads a model, or leaves nothing behind. */
export type OpenModel = (context: OpenContext) => Promise<RunningModel>;
