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
      window: undefined,
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

  const mistral = { architectures: ["MistralForCausalLM"], model_type: "mistral" };
  const qwen2 = { architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" };
  const SLIDING = "sliding_attention";
  const asked = { ...qwen2, sliding_window: 128, use_sliding_window: true };

  test.each<[string, number | undefined, Readonly<Record<string, unknown>>]>([
    ["a Mistral's", 128, { ...mistral, sliding_window: 128 }],
    ["4,096 tokens where a Mistral is silent", 4096, { ...mistral, max_position_embeddings: 32768 }],
    ["none where a Mistral says so", undefined, { ...mistral, sliding_window: null }],
    ["none where it is as long as the context", undefined, { ...mistral, sliding_window: 256 }],
    ["a Qwen2's that asks for it", 128, { ...asked, max_window_layers: 0 }],
    ["a Qwen2's whose layers all slide", 128, { ...asked, layer_types: [SLIDING, SLIDING] }],
    ["none of a Qwen2 whose first 28 layers have none", undefined, asked],
    ["none of a Qwen2 that does not ask", undefined, { ...asked, use_sliding_window: false }],
    ["none of a Llama", undefined, { sliding_window: 128 }],
  ])("the window is %s", (_, window, fields) => {
    expect(parse(fields).window).toBe(window);
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
    expect(() => parse({ ...mistral, ...fields })).not.toThrow();
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["a window no Llama has", { use_sliding_window: true }, "use_sliding_window is true"],
    [
      "a window of some layers",
      { ...asked, max_window_layers: 1 },
      "max_window_layers is 1, which changes the computation",
    ],
    [
      "a window of typed layers",
      { ...asked, layer_types: ["full_attention", SLIDING] },
      'layer_types is ["full_attention","sliding_attention"]',
    ],
    [
      "layers that contradict the window",
      { ...mistral, sliding_window: 128, layer_types: ["full_attention", "full_attention"] },
      'layer_types is ["full_attention","full_attention"]',
    ],
    ["layers of an unknown kind", { layer_types: ["chunked_attention"] }, "layer_types is"],
    ["too few layers' types", { layer_types: ["full_attention"] }, "num_hidden_layers (2) types"],
    ["an empty window", { ...mistral, sliding_window: 0 }, "sliding_window should be a whole number from 1"],
    ["experts", { num_local_experts: 8 }, "num_local_experts is 8"],
    ["scaled logits", { logits_scaling: 8 }, "logits_scaling is 8"],
    ["muP", { mup_base_width: 256 }, "mup_base_width is 256"],
    ["layers without RoPE", { no_rope_layers: [1, 0] }, "no_rope_layers is [1,0]"],
    ["windowed layers", { layer_types: [SLIDING, SLIDING] }, "layer_types is"],
    ["part of the rotation", { partial_rotary_factor: 0.5 }, "partial_rotary_factor is 0.5"],
    [
      "part of the rotation, hidden",
      { rope_parameters: { partial_rotary_factor: 0.5 } },
      "rope_parameters: partial_rotary_factor is 0.5",
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
