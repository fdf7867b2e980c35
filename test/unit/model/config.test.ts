import { describe, expect, test } from "vitest";
import { parseLlamaConfig } from "../../../src/model/config.ts";
import { TINY_CONFIG } from "../../support/model-files.ts";

const parse = (fields: Readonly<Record<string, unknown>>) => parseLlamaConfig({ ...TINY_CONFIG, ...fields });
const LLAMA3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe("parseLlamaConfig", () => {
  test("reads a Llama", () => {
    expect(parse({})).toEqual({
      architecture: "LlamaForCausalLM",
      hiddenSize: 32,
      intermediateSize: 48,
      layerCount: 2,
      headCount: 4,
      kvHeadCount: 2,
      headDim: 8,
      vocabSize: 264,
      contextLen: 256,
      normEpsilon: 1e-5,
      ropeTheta: 10000,
      ropeScaling: undefined,
      tiedEmbeddings: false,
      qkvBias: false,
      outputBias: false,
      mlpBias: false,
    });
  });

  test("assumes what transformers assumes where a Llama is silent", () => {
    const silent = parse({
      num_key_value_heads: null,
      max_position_embeddings: undefined,
      rms_norm_eps: undefined,
      rope_theta: undefined,
      tie_word_embeddings: undefined,
      hidden_act: undefined,
    });
    expect(silent).toMatchObject({
      kvHeadCount: 4,
      contextLen: 2048,
      normEpsilon: 1e-6,
      ropeTheta: 10000,
      tiedEmbeddings: false,
    });
  });

  test.each([
    [{ architectures: undefined }, "LlamaForCausalLM", false, false, false],
    [{ attention_bias: true, mlp_bias: true }, "LlamaForCausalLM", true, true, true],
    [{ architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" }, "Qwen2ForCausalLM", true, false, false],
    [
      { architectures: ["MistralForCausalLM"], model_type: "mistral" },
      "MistralForCausalLM",
      false,
      false,
      false,
    ],
  ])("%o has its architecture's biases", (fields, architecture, qkvBias, outputBias, mlpBias) => {
    expect(parse(fields)).toMatchObject({ architecture, qkvBias, outputBias, mlpBias });
  });

  test("an explicit head_dim goes before hidden_size / heads", () => {
    expect(parse({ head_dim: 64 }).headDim).toBe(64);
  });

  test.each([
    ["rope_scaling", { rope_theta: 500000, rope_scaling: LLAMA3 }],
    [
      "rope_scaling of the older name",
      { rope_theta: 500000, rope_scaling: { ...LLAMA3, rope_type: undefined, type: "llama3" } },
    ],
    ["rope_parameters", { rope_parameters: { ...LLAMA3, rope_theta: 500000 } }],
  ])("Llama 3's scaling is found in %s", (_, fields) => {
    expect(parse(fields)).toMatchObject({
      ropeTheta: 500000,
      ropeScaling: { factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalContextLen: 8192 },
    });
  });

  test("the default RoPE is none", () => {
    expect(parse({ rope_scaling: { rope_type: "default" } }).ropeScaling).toBeUndefined();
    expect(parse({ rope_parameters: { rope_type: "default", rope_theta: 5 } }).ropeTheta).toBe(5);
  });

  test.each([
    ["a window as long as the context", { sliding_window: 256 }],
    ["no window", { sliding_window: null }],
    ["one expert", { num_local_experts: 1 }],
    ["layers that all attend to everything", { layer_types: ["full_attention", "full_attention"] }],
    [
      "fields that say nothing of the computation",
      { torch_dtype: "bfloat16", use_cache: true, pretraining_tp: 1 },
    ],
  ])("%s changes nothing", (_, fields) => {
    const mistral = { architectures: ["MistralForCausalLM"], model_type: "mistral" };
    expect(() => parse({ ...mistral, ...fields })).not.toThrow();
  });

  const mistral = { architectures: ["MistralForCausalLM"], model_type: "mistral" };
  const qwen2 = { architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" };
  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a window", { ...mistral, sliding_window: 128 }, "sliding_window is 128, which changes the computation"],
    [
      "a window in use",
      { ...qwen2, sliding_window: 128, use_sliding_window: true },
      "use_sliding_window is true",
    ],
    ["experts", { num_local_experts: 8 }, "num_local_experts is 8"],
    ["scaled logits", { logits_scaling: 8 }, "logits_scaling is 8"],
    ["muP", { mup_base_width: 256 }, "mup_base_width is 256"],
    ["layers without RoPE", { no_rope_layers: [1, 0] }, "no_rope_layers is [1,0]"],
    ["windowed layers", { layer_types: ["sliding_attention"] }, 'layer_types is ["sliding_attention"]'],
    ["part of the rotation", { partial_rotary_factor: 0.5 }, "partial_rotary_factor is 0.5"],
    [
      "part of the rotation, hidden",
      { rope_parameters: { partial_rotary_factor: 0.5 } },
      "rope_parameters.partial_rotary_factor is 0.5",
    ],
    ["another RoPE", { rope_scaling: { type: "linear", factor: 2 } }, 'is {"type":"linear","factor":2}'],
    [
      "a RoPE for each kind of layer",
      { rope_parameters: { full_attention: {} } },
      "Quire knows the rope_type",
    ],
    [
      "inverted factors",
      { rope_scaling: { ...LLAMA3, high_freq_factor: 1 } },
      "high_freq_factor should be more than low_freq_factor (1); it is 1",
    ],
    ["a model_type that contradicts", { model_type: "gemma" }, 'LlamaForCausalLM with model_type "gemma"'],
  ])("%s is refused by name", (_, fields, message) => {
    expect(() => parse(fields)).toThrow(message);
  });
});
