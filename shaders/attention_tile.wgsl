// Causal attention of a tile of rows over a range of keys of the paged cache: one workgroup per item of the
// launch's table and KV head (planned by src/kernels/attention-plan.ts, which says what a row is).
//
// Walks the keys in tiles: products of TILE_ROWS queries and TILE_KEYS keys, the softmax kept online (a running
// peak and total per row, and a rescaling of what was summed whenever the peak rises; Milakov and Gimelshein,
// 2018), then the weighed values. A thread takes THREAD_ROWS rows, of these the products with every COLUMNS-th
// group of four keys and the sums over every COLUMNS-th quad of the values. An item with all keys of its rows
// writes their output, any other a partial for attention_reduce.wgsl.
//
// Constants: those of attention_output.wgsl, BLOCK_SIZE, SCALE, WINDOW, SOFTCAP (0: none), BIAS, TABLE, TILE_ROWS,
// TILE_KEYS (a multiple of 4), THREAD_ROWS, COLUMNS, LANES, STAGE_QUERY, STAGE_KV (0 or 1), ROLLED (0 or 1).

const ROW_GROUPS = u32(TILE_ROWS / THREAD_ROWS);
const WORKGROUP = ROW_GROUPS * COLUMNS;
const FOURS = u32(TILE_KEYS / 4); // groups of four neighbouring keys
const THREAD_FOURS = (FOURS + COLUMNS - 1u) / COLUMNS;
const THREAD_QUADS = (QUADS + COLUMNS - 1u) / COLUMNS;
const PASS_ROWS = WORKGROUP / LANES; // rows whose softmax is computed side by side
const STRIDE = QUADS + 1u; // one more, so that the rows of a tile start in different banks
const WEIGHT_STRIDE = FOURS + 1u; // the same
const DEAD = -5.0e29; // no live score is as low
const WHOLE = 0xffffffffu;

@group(1) @binding(2) var<storage, read_write> partials: array<vec4f>; // [partial rows][KV_HEADS][RECORD]
@group(1) @binding(3) var<storage, read> query: array<vec4f>; // [tokens][HEADS][QUADS]
@group(1) @binding(4) var<storage, read> keys: array<KvQuad>; // [blocks][BLOCK_SIZE][KV_HEADS][QUADS]
@group(1) @binding(5) var<storage, read> values: array<KvQuad>;

var<workgroup> query_tile: array<vec4f, 1 + STAGE_QUERY * TILE_ROWS * STRIDE>;
var<workgroup> kv_tile: array<vec4f, 1 + STAGE_KV * TILE_KEYS * STRIDE>; // keys as in `place_of`, then values
var<workgroup> entries: array<u32, TILE_KEYS>; // where the tile's keys stand: slot * KV_HEADS + kv_head
var<workgroup> weights: array<vec4f, u32(TILE_ROWS) * WEIGHT_STRIDE>; // products, scores, then their exponentials
var<workgroup> peaks: array<f32, TILE_ROWS>;
var<workgroup> totals: array<f32, TILE_ROWS>;
var<workgroup> rescales: array<f32, TILE_ROWS>; // what the last tile multiplied earlier sums with

struct Item {
  row: u32,
  row_count: u32,
  first_key: u32,
  end_key: u32,
  first_partial: u32,
  bias_at: u32,
  table: u32, // the sequence's block table
  query_start: u32, // its first token
  query_len: u32,
  context_len: u32, // its keys of earlier steps
}

fn read_item(index: u32) -> Item {
  let at = metadata[step.attentionAt + TABLE] + index * 8u;
  let sequence = metadata[at];
  let query_start = metadata[step.queryStartsAt + sequence];
  let query_len = metadata[step.queryStartsAt + sequence + 1u] - query_start;
  return Item(
    metadata[at + 1u], metadata[at + 2u], metadata[at + 3u], metadata[at + 4u], metadata[at + 5u], metadata[at + 6u],
    step.blockTablesAt + sequence * step.blockTableStride,
    query_start, query_len, metadata[step.seqLensAt + sequence] - query_len,
  );
}

fn entry_of(item: Item, key: u32, kv_head: u32) -> u32 {
  let block = metadata[item.table + key / BLOCK_SIZE];
  return (block * BLOCK_SIZE + key % BLOCK_SIZE) * KV_HEADS + kv_head;
}

// The row of the tile, or the tile's last one where the item has fewer.
fn live_row(item: Item, tile_row: u32) -> u32 {
  return item.row + min(tile_row, item.row_count - 1u);
}

fn stage_query(item: Item, kv_head: u32, thread: u32) {
  for (var i = thread; i < TILE_ROWS * QUADS; i += WORKGROUP) {
    let tile_row = i / QUADS;
    let quad = i % QUADS;
    query_tile[tile_row * STRIDE + quad] = query[row_start(live_row(item, tile_row), kv_head) + quad];
  }
}

// Finds the keys of a tile from `first` on. What stands beside the item's own may be another sequence's, or nobody's:
// the nearest of its keys stands in, which has no weight there.
fn find_entries(item: Item, first: u32, kv_head: u32, thread: u32) {
  for (var key = thread; key < TILE_KEYS; key += WORKGROUP) {
    entries[key] = entry_of(item, clamp(first + key, item.first_key, item.end_key - 1u), kv_head);
  }
}

// Where a key of the tile is staged: fours side by side are read at once, and are to start in different banks.
fn place_of(key: u32) -> u32 {
  return key % 4u * FOURS + key / 4u;
}

fn stage_keys(thread: u32) {
  for (var i = thread; i < TILE_KEYS * QUADS; i += WORKGROUP) {
    let key = i / QUADS;
    kv_tile[place_of(key) * STRIDE + i % QUADS] = unpack(keys[entries[key] * QUADS + i % QUADS]);
  }
}

fn stage_values(thread: u32) {
  for (var i = thread; i < TILE_KEYS * QUADS; i += WORKGROUP) {
    kv_tile[i / QUADS * STRIDE + i % QUADS] = unpack(values[entries[i / QUADS] * QUADS + i % QUADS]);
  }
}

// The bound of a loop that is to stay one: software drivers unroll those whose length they know, and take tens of
// seconds to compile the result. The count of sequences is never so high.
fn rolled(count: u32) -> u32 {
  return count + (step.sequenceCount >> 31u) * u32(ROLLED);
}

// Where the keys of a four start.
fn key_starts_of(four: u32) -> vec4u {
  if (STAGE_KV == 1) {
    return (four + vec4u(0u, 1u, 2u, 3u) * FOURS) * STRIDE;
  }
  let at = 4u * four;
  return vec4u(entries[at], entries[at + 1u], entries[at + 2u], entries[at + 3u]) * QUADS;
}

// A quad of each key of a four.
fn key_quads_of(starts: vec4u, quad: u32) -> mat4x4f {
  let at = starts + quad;
  if (STAGE_KV == 1) {
    return mat4x4f(kv_tile[at.x], kv_tile[at.y], kv_tile[at.z], kv_tile[at.w]);
  }
  return mat4x4f(unpack(keys[at.x]), unpack(keys[at.y]), unpack(keys[at.z]), unpack(keys[at.w]));
}

// Leaves in `weights` the products of the thread's rows, which start at `first_row`, with its keys.
fn multiply(item: Item, kv_head: u32, first_row: u32, column: u32) {
  var key_starts: array<vec4u, THREAD_FOURS>;
  for (var c = 0u; c < THREAD_FOURS; c++) {
    key_starts[c] = key_starts_of(min(column + c * COLUMNS, FOURS - 1u));
  }
  var query_starts: array<u32, THREAD_ROWS>;
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let tile_row = first_row + r;
    query_starts[r] = select(row_start(live_row(item, tile_row), kv_head), tile_row * STRIDE, STAGE_QUERY == 1);
  }
  var products: array<array<vec4f, THREAD_FOURS>, THREAD_ROWS>;
  for (var quad = 0u; quad < rolled(QUADS); quad++) {
    var key_quads: array<mat4x4f, THREAD_FOURS>;
    for (var c = 0u; c < THREAD_FOURS; c++) {
      key_quads[c] = key_quads_of(key_starts[c], quad);
    }
    for (var r = 0u; r < THREAD_ROWS; r++) {
      var query_quad: vec4f;
      if (STAGE_QUERY == 1) {
        query_quad = query_tile[query_starts[r] + quad];
      } else {
        query_quad = query[query_starts[r] + quad];
      }
      for (var c = 0u; c < THREAD_FOURS; c++) {
        products[r][c] += query_quad * key_quads[c]; // the dot product with each of the four
      }
    }
  }
  for (var c = 0u; c < THREAD_FOURS; c++) {
    let four = column + c * COLUMNS;
    if (four < FOURS) {
      for (var r = 0u; r < THREAD_ROWS; r++) {
        weights[(first_row + r) * WEIGHT_STRIDE + four] = products[r][c];
      }
    }
  }
}

fn bias_of(item: Item, token: u32, key: u32) -> f32 {
  if (key < item.context_len || key > item.context_len + token) {
    return 0.0;
  }
  let bias = metadata[item.bias_at + token * item.query_len + key - item.context_len];
  return max(bitcast<f32>(bias), -1.0e29);
}

// Products of a row with four keys from `key` on as scores, LOWEST where the row does not see the key: scale,
// softcap, ALiBi, the bias between query tokens, the causal mask and the window.
fn scores_of(item: Item, products: vec4f, row: u32, key: u32, kv_head: u32) -> vec4f {
  let token = row / GROUP - item.query_start;
  let position = item.context_len + token;
  let four = key + vec4u(0u, 1u, 2u, 3u);
  var scores = products * SCALE;
  if (SOFTCAP != 0) {
    // tanh may overflow far out
    scores = SOFTCAP * tanh(clamp(scores / f32(SOFTCAP), vec4f(-20.0), vec4f(20.0)));
  }
  if (ALIBI == 1) {
    scores += head_traits[head_of(row, kv_head)].slope * (vec4f(four) - f32(item.context_len));
  }
  if (BIAS == 1 && item.bias_at != 0u) {
    scores += vec4f(
      bias_of(item, token, four.x),
      bias_of(item, token, four.y),
      bias_of(item, token, four.z),
      bias_of(item, token, four.w),
    );
  }
  var seen = (four >= vec4u(item.first_key)) & (four < vec4u(min(item.end_key, position + 1u)));
  if (WINDOW != 0) {
    seen &= four + WINDOW > vec4u(position);
  }
  return select(vec4f(LOWEST), scores, seen);
}

// The factors of the products with the keys of a four, and with their values.
fn four_scales(four: u32) -> mat2x4f {
  let at = 4u * four;
  return transpose(mat4x2f(
    scales_of(entries[at]),
    scales_of(entries[at + 1u]),
    scales_of(entries[at + 2u]),
    scales_of(entries[at + 3u]),
  ));
}

// Turns the tile's products into scores, and these into weights against the new peak of each row.
fn weigh(item: Item, first: u32, kv_head: u32, thread: u32) {
  let lane = thread % LANES;
  for (var first_row = 0u; first_row < rolled(u32(TILE_ROWS)); first_row += PASS_ROWS) {
    let row = first_row + thread / LANES;
    let inside = row < min(u32(TILE_ROWS), item.row_count);
    let tile_row = select(0u, row, inside);
    let start = tile_row * WEIGHT_STRIDE;
    let first_four = select(FOURS, lane, inside);
    var peak = LOWEST;
    for (var four = first_four; four < rolled(FOURS); four += LANES) {
      let products = weights[start + four] * four_scales(four)[0];
      let scores = scores_of(item, products, item.row + tile_row, first + 4u * four, kv_head);
      weights[start + four] = scores;
      peak = max(peak, max(max(scores.x, scores.y), max(scores.z, scores.w)));
    }
    let old_peak = peaks[tile_row];
    let new_peak = max(old_peak, lane_max(peak, thread));
    var total = 0.0;
    for (var four = first_four; four < rolled(FOURS); four += LANES) {
      let scores = weights[start + four];
      let exponentials = select(vec4f(), exp(scores - new_peak), scores > vec4f(DEAD));
      total += dot(exponentials, vec4f(1.0));
      weights[start + four] = exponentials * four_scales(four)[1];
    }
    total = lane_sum(total, thread);
    if (inside && lane == 0u) {
      let rescale = exp(old_peak - new_peak);
      peaks[row] = new_peak;
      totals[row] = totals[row] * rescale + total;
      rescales[row] = rescale;
    }
  }
}

// A quad of the values of each key of a four.
fn value_quads_of(four: u32, quad: u32) -> mat4x4f {
  let at = 4u * four;
  if (STAGE_KV == 1) {
    let start = at * STRIDE + quad;
    return mat4x4f(
      kv_tile[start],
      kv_tile[start + STRIDE],
      kv_tile[start + 2u * STRIDE],
      kv_tile[start + 3u * STRIDE],
    );
  }
  return mat4x4f(
    unpack(values[entries[at] * QUADS + quad]),
    unpack(values[entries[at + 1u] * QUADS + quad]),
    unpack(values[entries[at + 2u] * QUADS + quad]),
    unpack(values[entries[at + 3u] * QUADS + quad]),
  );
}

alias Sums = array<array<vec4f, THREAD_QUADS>, THREAD_ROWS>;

// Adds the weighed values of the tile's first `count` fours.
fn add_values(sums: ptr<function, Sums>, count: u32, first_row: u32, column: u32) {
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let rescale = rescales[first_row + r];
    for (var i = 0u; i < THREAD_QUADS; i++) {
      (*sums)[r][i] *= rescale;
    }
  }
  for (var four = 0u; four < count; four++) {
    var row_weights: array<vec4f, THREAD_ROWS>;
    for (var r = 0u; r < THREAD_ROWS; r++) {
      row_weights[r] = weights[(first_row + r) * WEIGHT_STRIDE + four];
    }
    for (var i = 0u; i < THREAD_QUADS; i++) {
      let value_quads = value_quads_of(four, min(column + i * COLUMNS, QUADS - 1u));
      for (var r = 0u; r < THREAD_ROWS; r++) {
        (*sums)[r][i] += value_quads * row_weights[r];
      }
    }
  }
}

fn store_row(item: Item, tile_row: u32, kv_head: u32, column: u32, sums: array<vec4f, THREAD_QUADS>) {
  let row = item.row + tile_row;
  let whole = item.first_partial == WHOLE;
  let start = ((item.first_partial + tile_row) * KV_HEADS + kv_head) * RECORD;
  let factor = normaliser(row, kv_head, peaks[tile_row], totals[tile_row]);
  for (var i = 0u; i < THREAD_QUADS; i++) {
    let quad = column + i * COLUMNS;
    if (quad < QUADS) {
      if (whole) {
        output[row_start(row, kv_head) + quad] = sums[i] * factor;
      } else {
        partials[start + 1u + quad] = sums[i];
      }
    }
  }
  if (!whole && column == 0u) {
    partials[start] = vec4f(peaks[tile_row], totals[tile_row], 0.0, 0.0);
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let thread = local.x;
  let item = read_item(workgroup.x);
  let kv_head = workgroup.y;
  let first_row = select(row_group_of(thread), 0u, ROW_GROUPS == 1) * THREAD_ROWS;
  let column = thread % COLUMNS;
  for (var row = thread; row < TILE_ROWS; row += WORKGROUP) {
    peaks[row] = LOWEST;
  }
  if (STAGE_QUERY == 1) {
    stage_query(item, kv_head, thread);
  }
  var sums: Sums;
  for (var first = item.first_key - item.first_key % TILE_KEYS; first < item.end_key; first += u32(TILE_KEYS)) {
    find_entries(item, first, kv_head, thread);
    workgroupBarrier();
    if (STAGE_KV == 1) {
      stage_keys(thread);
      workgroupBarrier();
    }
    multiply(item, kv_head, first_row, column);
    workgroupBarrier();
    weigh(item, first, kv_head, thread);
    if (STAGE_KV == 1) {
      stage_values(thread);
    }
    workgroupBarrier();
    let live_fours = min(FOURS, (item.end_key - first + 3u) / 4u);
    add_values(&sums, live_fours, first_row, column);
    workgroupBarrier();
  }
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let tile_row = first_row + r;
    if (tile_row < item.row_count) {
      store_row(item, tile_row, kv_head, column, sums[r]);
    }
  }
}
