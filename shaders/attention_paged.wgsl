// Causal attention over the paged cache, one workgroup per (query token, head).
//
// Walks the keys in tiles of WORKGROUP: an invocation scores one key of the tile, then owns some of the
// output's dimensions while the tile's values are weighed. The softmax is kept online: a running peak and
// total, and a rescaling of what was summed whenever the peak rises.
// Constants: HEADS, KV_HEADS, HEAD_DIM, BLOCK_SIZE, SCALE, WORKGROUP, KV_F16 (0 or 1),
// KV_WORDS and KvQuad (2 and vec2u, or 4 and vec4f).

const LOWEST = -3.0e38; // stands for minus infinity, which WGSL may assume away
const GROUP = HEADS / KV_HEADS;
const KV_QUADS = HEAD_DIM / 4u;
const QUADS_PER_LANE = (KV_QUADS + WORKGROUP - 1u) / WORKGROUP;

@group(1) @binding(0) var<storage, read> query: array<vec4f>; // [tokens][HEADS][HEAD_DIM / 4]
@group(1) @binding(1) var<storage, read> keys: array<KvQuad>; // [blocks][BLOCK_SIZE][KV_HEADS][HEAD_DIM / 4]
@group(1) @binding(2) var<storage, read> values: array<KvQuad>;
@group(1) @binding(3) var<storage, read_write> output: array<vec4f>; // [tokens][HEADS][HEAD_DIM / 4]

var<workgroup> weights: array<f32, WORKGROUP>; // of the tile's keys
var<workgroup> slots: array<u32, WORKGROUP>; // where the tile's keys stand in the cache
var<workgroup> reduced: array<f32, WORKGROUP>;

// With KV_F16 a KvQuad is two words of two halves each, else four floats.
fn unpack(quad: KvQuad) -> vec4f {
  if (KV_F16 == 1) {
    return vec4f(unpack2x16float(u32(quad.x)), unpack2x16float(u32(quad.y)));
  }
  return vec4f(f32(quad.x), f32(quad.y), f32(quad[KV_WORDS - 2]), f32(quad[KV_WORDS - 1]));
}

// The sequence a token belongs to: the last one that starts at or before it.
fn sequence_of(token: u32) -> u32 {
  var low = 0u;
  var high = step.sequenceCount;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (metadata[step.queryStartsAt + middle] <= token) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

fn reduce_max(mine: f32, lane: u32) -> f32 {
  reduced[lane] = mine;
  for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) {
      reduced[lane] = max(reduced[lane], reduced[lane + half]);
    }
  }
  return workgroupUniformLoad(&reduced[0]);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let token = workgroup.x;
  let head = workgroup.y;
  let lane = local.x;
  let kv_head = head / GROUP;
  let sequence = sequence_of(token);
  let live = metadata[step.positionsAt + token] + 1u;
  let table = step.blockTablesAt + sequence * step.blockTableStride;
  let query_start = (token * HEADS + head) * KV_QUADS;

  var peak = LOWEST;
  var total = 0.0;
  var sums: array<vec4f, QUADS_PER_LANE>;
  for (var first = 0u; first < live; first += WORKGROUP) {
    let position = first + lane;
    var score = LOWEST;
    if (position < live) {
      let slot = metadata[table + position / BLOCK_SIZE] * BLOCK_SIZE + position % BLOCK_SIZE;
      let start = (slot * KV_HEADS + kv_head) * KV_QUADS;
      var product = 0.0;
      for (var q = 0u; q < KV_QUADS; q++) {
        product += dot(query[query_start + q], unpack(keys[start + q]));
      }
      score = product * SCALE;
      slots[lane] = start;
    }
    let new_peak = max(peak, reduce_max(score, lane));
    weights[lane] = select(0.0, exp(score - new_peak), position < live);
    workgroupBarrier();
    let rescale = exp(peak - new_peak);
    total *= rescale;
    for (var i = 0u; i < QUADS_PER_LANE; i++) {
      sums[i] *= rescale;
    }
    let count = min(WORKGROUP, live - first);
    for (var k = 0u; k < count; k++) {
      total += weights[k];
      for (var i = 0u; i < QUADS_PER_LANE; i++) {
        let quad = lane + i * WORKGROUP;
        if (quad < KV_QUADS) {
          sums[i] += weights[k] * unpack(values[slots[k] + quad]);
        }
      }
    }
    peak = new_peak;
    workgroupBarrier();
  }
  for (var i = 0u; i < QUADS_PER_LANE; i++) {
    let quad = lane + i * WORKGROUP;
    if (quad < KV_QUADS) {
      output[query_start + quad] = sums[i] / total;
    }
  }
}
