// Rotates queries and keys by their positions and writes keys and values to the paged cache. One workgroup
// per token. Prepended to the entries, which differ in how they store: rope_kv_write_plain.wgsl and
// rope_kv_write_int8.wgsl.
//
// A rotation by `position` radians-per-frequency is the product of two from a small table, one for
// position / FINE_STEPS and one for position % FINE_STEPS: exact to f32 at any position, where sin and cos
// of a large angle are not. Dimension i is paired with i + HEAD_DIM / 2, as in Hugging Face's Llama.
// Constants: HEADS, KV_HEADS, HEAD_DIM, FINE_STEPS, WORKGROUP; KvWord.

const HALF = HEAD_DIM / 2u;
const QUERY_DIM = HEADS * HEAD_DIM;
const KV_DIM = KV_HEADS * HEAD_DIM;
const ROW = QUERY_DIM + 2u * KV_DIM;

@group(1) @binding(0) var<storage, read> qkv: array<f32>; // [tokens][ROW]
@group(1) @binding(1) var<storage, read> rotations: array<vec2f>; // (cos, sin): [FINE_STEPS][HALF], then coarse
@group(1) @binding(2) var<storage, read_write> query: array<f32>; // [tokens][HEADS][HEAD_DIM]
@group(1) @binding(3) var<storage, read_write> keys: array<KvWord>; // [blocks][blockSize][KV_HEADS][HEAD_DIM]
@group(1) @binding(4) var<storage, read_write> values: array<KvWord>;

fn rotation(position: u32, i: u32) -> vec2f {
  let fine = rotations[(position % FINE_STEPS) * HALF + i];
  let coarse = rotations[(FINE_STEPS + position / FINE_STEPS) * HALF + i];
  return vec2f(fine.x * coarse.x - fine.y * coarse.y, fine.x * coarse.y + fine.y * coarse.x);
}

// Element i of the head that starts at `start`, rotated.
fn rotated(start: u32, i: u32, position: u32) -> f32 {
  let pair = i % HALF;
  let turn = rotation(position, pair);
  let low = qkv[start + pair];
  let high = qkv[start + pair + HALF];
  return select(low * turn.x - high * turn.y, high * turn.x + low * turn.y, i >= HALF);
}

fn key(token: u32, i: u32, position: u32) -> f32 {
  let start = token * ROW + QUERY_DIM;
  return rotated(start + i / HEAD_DIM * HEAD_DIM, i % HEAD_DIM, position);
}

fn value(token: u32, i: u32) -> f32 {
  return qkv[token * ROW + QUERY_DIM + KV_DIM + i];
}

fn write_query(token: u32, position: u32, thread: u32) {
  for (var i = thread; i < QUERY_DIM; i += WORKGROUP) {
    query[token * QUERY_DIM + i] = rotated(token * ROW + i / HEAD_DIM * HEAD_DIM, i % HEAD_DIM, position);
  }
}
