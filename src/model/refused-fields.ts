import { ModelError } from "../errors.ts";
import { type Fields, show } from "./fields.ts";

/** Values with which a field leaves the Llama computation as it is. */
type Harmless = readonly unknown[];

/** Fields that some models use to change the computation, with the values that change nothing. */
const REFUSED: Readonly<Record<string, Harmless>> = {
  // Scales and caps: Granite, Cohere, Gemma, MiniCPM.
  attention_multiplier: [],
  embedding_multiplier: [1],
  residual_multiplier: [1],
  logits_scaling: [1],
  logit_scale: [1],
  scale_emb: [1],
  scale_depth: [],
  dim_model_base: [],
  final_logit_softcapping: [],
  attn_logit_softcapping: [],
  query_pre_attn_scalar: [],
  attn_scale: [],
  attn_temperature_tuning: [false, 0],
  // Mixtures of experts.
  num_experts: [0, 1],
  num_local_experts: [0, 1],
  n_routed_experts: [0],
  moe_intermediate_size: [0],
  // Attention over part of the context, or without causality.
  sliding_window_pattern: [],
  attention_chunk_size: [],
  is_causal: [true],
  use_bidirectional_attention: [false],
  // Positions.
  alibi: [false],
  partial_rotary_factor: [1],
  rotary_pct: [1],
  rope_interleave: [false],
  rope_interleaved: [false],
  rope_traditional: [false],
  no_rope_layer_interval: [0],
  // Normalisation, clipping and the order of the blocks.
  qk_norm: [false],
  use_qk_norm: [false],
  qk_layernorm: [false],
  clip_qkv: [],
  parallel_residual: [false],
  use_parallel_residual: [false],
  hidden_activation: ["silu"],
  // How the weights stand in the files.
  pretraining_tp: [0, 1],
};

const QUANTIZED = ["quantization_config", "quantization", "compression_config"];

/** Raises a ModelError for the first field that asks for a computation Quire does not do. */
export function refuseUnknownMathematics(fields: Fields): void {
  if ((fields.get("hidden_act") ?? "silu") !== "silu") throw fields.wrong("hidden_act", `"silu"`);
  for (const name of QUANTIZED) {
    const value = fields.get(name);
    if (value === undefined) continue;
    throw new ModelError(
      `config.json: ${name} is ${show(value)}; Quire reads weights of type F32, F16 and BF16. ` +
        "Choose the model's unquantized repository.",
    );
  }
  for (const [name, value] of Object.entries(fields.values)) {
    if (value !== null && changesMathematics(name, value)) throw fields.refusal(name);
  }
  const rope = fields.object("rope_parameters");
  if (rope && (rope.get("partial_rotary_factor") ?? 1) !== 1) throw rope.refusal("partial_rotary_factor");
}

function changesMathematics(name: string, value: unknown): boolean {
  if (Object.hasOwn(REFUSED, name)) return !REFUSED[name]!.includes(value);
  // Maximal update parametrisation comes as a family of scales.
  if (/^(use_)?mup(_|$)/.test(name)) return value !== false && value !== 1;
  if (name === "no_rope_layers") return !(Array.isArray(value) && value.every((kept) => kept === 1));
  return false;
}
