/** The Llama family's hyperparameters, as read from a `config.json`. */
export interface LlamaConfig {
  readonly architecture: string;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layerCount: number;
  readonly headCount: number;
  /** Heads of K and V; divides `headCount`. */
  readonly kvHeadCount: number;
  readonly headDim: number;
  readonly vocabSize: number;
  /** Positions the model was trained for. */
  readonly contextLen: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling | undefined;
  readonly tiedEmbeddings: boolean;
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
}

/** Llama 3's frequency-dependent stretching of RoPE (Hugging Face `rope_type: "llama3"`). */
export interface RopeScaling {
  readonly factor: number;
  readonly lowFreqFactor: number;
  readonly highFreqFactor: number;
  readonly originalContextLen: number;
}
