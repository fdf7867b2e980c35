// Where a row of attention ends: its weighed values over its total, as the head's output. Prepended to the
// kernels that end rows. Constants: HEADS, KV_HEADS, HEAD_DIM, SINKS, ALIBI (0 or 1).

const LOWEST = -1.0e30; // stands for minus infinity, which WGSL may assume away
const GROUP = u32(HEADS / KV_HEADS);
const QUADS = u32(HEAD_DIM / 4);
const RECORD = QUADS + 1u; // a partial: (peak, total, -, -), then its weighed values

struct HeadTraits {
  sink: f32, // a logit that takes part in the softmax and has no value (Xiao et al., 2023)
  slope: f32, // of the bias by distance (ALiBi; Press et al., 2021)
}

@group(1) @binding(0) var<storage, read_write> output: array<vec4f>; // [tokens][HEADS][QUADS]
@group(1) @binding(1) var<storage, read> head_traits: array<HeadTraits>; // [HEADS]

// A row's head, of those that share `kv_head`.
fn head_of(row: u32, kv_head: u32) -> u32 {
  return kv_head * GROUP + row % GROUP;
}

// Where a row stands in `query` and `output`.
fn row_start(row: u32, kv_head: u32) -> u32 {
  return (row / GROUP * HEADS + head_of(row, kv_head)) * QUADS;
}

// What a row's weighed values are to be multiplied with. A row without a live key has no total and ends as 0.
fn normaliser(row: u32, kv_head: u32, peak: f32, total: f32) -> f32 {
  if (SINKS == 1) {
    let sink = head_traits[head_of(row, kv_head)].sink;
    let new_peak = max(peak, sink);
    return exp(peak - new_peak) / (total * exp(peak - new_peak) + exp(sink - new_peak));
  }
  return select(0.0, 1.0 / total, total > 0.0);
}
