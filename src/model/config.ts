import { ModelError } from "../errors.ts";
import { Fields, show } from "./fields.ts";
import { refuseUnknownMathematics } from "./refused-fields.ts";
import { slidingWindow, type WindowRule } from "./sliding-window.ts";

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
  /** Tokens that a token attends to, its own included; undefined: all before it. */
  readonly window: number | undefined;
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

/** What Hugging Face transformers assumes where a `config.json` is silent. */
interface Architecture {
  readonly modelType: string;
  readonly contextLen: number;
  /** Undefined: as many as there are query heads. */
  readonly kvHeadCount: number | undefined;
  /** Whether Q, K and V have a bias; undefined: `attention_bias` and `mlp_bias` say which biases there are. */
  readonly qkvBias: boolean | undefined;
  readonly window: WindowRule;
}

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  [
    "LlamaForCausalLM",
    {
      modelType: "llama",
      contextLen: 2048,
      kvHeadCount: undefined,
      qkvBias: undefined,
      window: "never",
    },
  ],
  [
    "MistralForCausalLM",
    { modelType: "mistral", contextLen: 131072, kvHeadCount: 8, qkvBias: false, window: "always" },
  ],
  [
    "Qwen2ForCausalLM",
    { modelType: "qwen2", contextLen: 32768, kvHeadCount: 32, qkvBias: true, window: "asked" },
  ],
]);

const MAX_DIM = 2 ** 20;
const MAX_CONTEXT_LEN = 2 ** 28;

/**
 * Reads a `config.json`. Whatever would change the computation and is not built here is refused by name, so
 * that a model either runs exactly or not at all.
 */
export function parseLlamaConfig(config: unknown): LlamaConfig {
  const fields = new Fields("config.json", config);
  const [name, architecture] = findArchitecture(fields);
  const hiddenSize = multipleOfFour(fields, "hidden_size");
  const headCount = fields.integer("num_attention_heads", 1, 4096);
  const kvHeadCount = fields.integer(
    "num_key_value_heads",
    1,
    headCount,
    Math.min(headCount, architecture.kvHeadCount ?? headCount),
  );
  if (headCount % kvHeadCount !== 0) {
    throw fields.wrong("num_key_value_heads", `a divisor of num_attention_heads (${headCount})`);
  }
  const contextLen = fields.integer("max_position_embeddings", 1, MAX_CONTEXT_LEN, architecture.contextLen);
  refuseUnknownMathematics(fields);
  const layerCount = fields.integer("num_hidden_layers", 1, 1024);
  const attentionBias = fields.boolean("attention_bias", false);
  const mlpBias = fields.boolean("mlp_bias", false);
  return {
    architecture: name,
    hiddenSize,
    intermediateSize: multipleOfFour(fields, "intermediate_size"),
    layerCount,
    headCount,
    kvHeadCount,
    headDim: headDim(fields, hiddenSize, headCount),
    vocabSize: fields.integer("vocab_size", 1, 2 ** 24),
    contextLen,
    window: slidingWindow(fields, architecture.window, layerCount, contextLen),
    normEpsilon: fields.number("rms_norm_eps", 0, 1, 1e-6),
    ...rope(fields),
    tiedEmbeddings: fields.boolean("tie_word_embeddings", false),
    qkvBias: architecture.qkvBias ?? attentionBias,
    outputBias: architecture.qkvBias === undefined && attentionBias,
    mlpBias: architecture.qkvBias === undefined && mlpBias,
  };
}

function findArchitecture(fields: Fields): [string, Architecture] {
  const names = fields.get("architectures");
  const modelType = fields.get("model_type");
  const byType = [...ARCHITECTURES].find(([, known]) => known.modelType === modelType);
  const name = Array.isArray(names) ? names[0] : byType?.[0];
  const architecture = ARCHITECTURES.get(name);
  const consistent = modelType === undefined || architecture?.modelType === modelType;
  if (architecture && consistent) return [name, architecture];
  const came = architecture ? `${name} with model_type ${show(modelType)}` : show(name ?? names ?? modelType);
  throw new ModelError(
    `config.json: the architecture is ${came}; Quire runs ${[...ARCHITECTURES.keys()].join(", ")}. ` +
      "Choose a model of one of these.",
  );
}

/** The shaders read rows as vectors of four. */
function multipleOfFour(fields: Fields, name: string): number {
  const value = fields.integer(name, 4, MAX_DIM);
  if (value % 4 !== 0) throw fields.wrong(name, "a multiple of 4");
  return value;
}

function headDim(fields: Fields, hiddenSize: number, headCount: number): number {
  if (fields.get("head_dim") !== undefined) return multipleOfFour(fields, "head_dim");
  const dim = hiddenSize / headCount;
  if (dim % 4 === 0) return dim;
  throw new ModelError(
    `config.json: hidden_size / num_attention_heads should be a multiple of 4 where head_dim is not given; ` +
      `it is ${hiddenSize} / ${headCount}. Choose a model with another head size.`,
  );
}

/** RoPE's settings, which newer files keep in `rope_parameters` and older ones in two places. */
function rope(fields: Fields): Pick<LlamaConfig, "ropeTheta" | "ropeScaling"> {
  const parameters = fields.object("rope_parameters") ?? fields.object("rope_scaling");
  const thetaFrom = parameters?.get("rope_theta") !== undefined ? parameters : fields;
  const ropeTheta = thetaFrom.number("rope_theta", 1, 1e12, 10000);
  return { ropeTheta, ropeScaling: parameters && ropeScaling(parameters) };
}

function ropeScaling(parameters: Fields): RopeScaling | undefined {
  const type = parameters.get("rope_type") ?? parameters.get("type") ?? "default";
  if (type === "default" && !Object.values(parameters.values).some((value) => typeof value === "object")) {
    return undefined;
  }
  if (type !== "llama3") {
    throw new ModelError(
      `${parameters.file} is ${show(parameters.values)}; Quire knows the rope_type "default" and "llama3". ` +
        "Choose a model with one of these.",
    );
  }
  const lowFreqFactor = parameters.number("low_freq_factor", 1e-6, 1e6);
  const highFreqFactor = parameters.number("high_freq_factor", 1e-6, 1e6);
  if (highFreqFactor <= lowFreqFactor) {
    throw parameters.wrong("high_freq_factor", `more than low_freq_factor (${lowFreqFactor})`);
  }
  return {
    factor: parameters.number("factor", 1, 1e6),
    lowFreqFactor,
    highFreqFactor,
    originalContextLen: parameters.integer("original_max_position_embeddings", 1, MAX_CONTEXT_LEN),
  };
}
