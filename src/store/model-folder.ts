import type { FileSource } from "./source.ts";

export type TensorType = "F32" | "F16" | "BF16";

/** A tensor of a safetensors file, by the bytes [start, end) of that file. */
export interface TensorInfo {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly file: string;
  readonly start: number;
  readonly end: number;
}

/** A Hugging Face model folder: its small files read, its tensors known by place. */
export interface ModelFolder {
  readonly source: FileSource;
  /** `config.json`, parsed and otherwise unchecked. */
  readonly config: unknown;
  /** `generation_config.json`, where there is one. */
  readonly generationConfig: unknown;
  /** `tokenizer.json`. */
  readonly tokenizer: unknown;
  /** `tokenizer_config.json`, where there is one. */
  readonly tokenizerConfig: unknown;
  /** Jinja source, from `chat_template.jinja` or the tokenizer's config. */
  readonly chatTemplate: string | undefined;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}
