// Causal attention of a tile of rows over a range of keys of the paged cache: one workgroup per item of the
// launch's table and KV head (planned by src/kernels/attention-plan.ts, which says what a row is).
//
// Walks the keys in tiles: products of TILE_ROWS queries and TILE_KEYS keys, the softmax kept online (a running
// peak and total per row, and a rescaling of what was summed whenever the peak rises; Milakov and Gimelshein,
// 2018), then the weighed values. A thread takes THREAD_ROWS rows, of these the products with every COLUMNS-th
// group of four keys and the sums over every COLUMNS-th quad of the values. Where there are more columns than fours,
// SPLITS threads share a product, each with every SPLITS-th quad. An item with all keys of its rows writes their
// output, any other a partial for attention_reduce.wgsl.
//
// Constants: those of attention_score.wgsl and attention_cache.wgsl, TILE_ROWS, TILE_KEYS (a multiple of 4),
// THREAD_ROWS, THREAD_FOURS, THREAD_QUADS, COLUMNS, SPLITS, LANES, STAGE_QUERY, ROLLED (0 or 1).

const ROW_GROUPS = u32(TILE_ROWS / THREAD_ROWS);
const WORKGROUP = ROW_GROUPS * COLUMNS;
const FOURS = u32(TILE_KEYS / 4); // groups of four neighbouring keys
const PASS_ROWS = WORKGROUP / LANES; // rows whose softmax is computed side by side
const WEIGHT_STRIDE = SPLITS * FOURS + 1u; // one more, so that the rows of a tile start in different banks
const DEAD = -5.0e29; // no live score is as low
const WHOLE = 0xffffffffu;

@group(1) @binding(2) var<storage, read_write> partials: array<vec4f>; // [partial rows][KV_HEADS][RECORD]
@group(1) @binding(3) var<storage, read> query: array<vec4f>; // [tokens][HEADS][QUADS]
// What a loop counts is an index of its own: where the loop is unrolled its bounds check is gone with it.
var<workgroup> query_tile: array<array<vec4f, STRIDE>, select(1, TILE_ROWS, STAGE_QUERY == 1)>;
var<workgroup> weights: array<array<vec4f, WEIGHT_STRIDE>, TILE_ROWS>; // products by split, scores, then their exponentials
var<workgroup> peaks: array<f32, TILE_ROWS>;
var<workgroup> totals: array<f32, TILE_ROWS>;
var<workgroup> rescales: array<f32, TILE_ROWS>; // what the last tile multiplied earlier sums with

fn stage_query(item: Item, kv_head: u32, thread: u32) {
  for (var i = thread; i < TILE_ROWS * QUADS; i += WORKGROUP) {
    let tile_row = i / QUADS;
    let quad = i % QUADS;
    query_tile[tile_row][quad] = query[row_start(live_row(item, tile_row), kv_head) + quad];
  }
}

// The bound of a loop over `count`; see `rolled`.
fn bound(count: u32) -> u32 {
  if (ROLLED == 1) {
    return rolled(count);
  }
  return count;
}

// Adds the dot products of a quad with each of four.
fn with_dots(sums: vec4f, quad: vec4f, four: mat4x4f) -> vec4f {
  let across = transpose(four);
  return fma(
    across[3], vec4f(quad.w), fma(across[2], vec4f(quad.z), fma(across[1], vec4f(quad.y), fma(across[0], vec4f(quad.x), sums))),
  );
}

// Adds four quads, each with its weight.
fn with_weighed(sum: vec4f, four: mat4x4f, weight: vec4f) -> vec4f {
  return fma(
    four[3], vec4f(weight.w), fma(four[2], vec4f(weight.z), fma(four[1], vec4f(weight.y), fma(four[0], vec4f(weight.x), sum))),
  );
}

// Leaves in `weights` the products of the thread's rows, which start at `first_row`, with its keys.
fn multiply(item: Item, tile: u32, kv_head: u32, first_row: u32, column: u32) {
  let split = select(column / FOURS, 0u, SPLITS == 1);
  let first_four = column - split * FOURS;
  var key_starts: array<vec4u, THREAD_FOURS>;
  for (var c = 0u; c < THREAD_FOURS; c++) {
    key_starts[c] = key_starts_of(tile, min(first_four + c * COLUMNS, FOURS - 1u));
  }
  var query_starts: array<u32, THREAD_ROWS>;
  for (var r = 0u; r < THREAD_ROWS; r++) {
    query_starts[r] = row_start(live_row(item, first_row + r), kv_head);
  }
  var products: array<array<vec4f, THREAD_FOURS>, THREAD_ROWS>;
  for (var n = 0u; n < bound(QUADS / SPLITS); n++) {
    let quad = n * SPLITS + split;
    var key_quads: array<mat4x4f, THREAD_FOURS>;
    for (var c = 0u; c < THREAD_FOURS; c++) {
      key_quads[c] = key_quads_of(key_starts[c], quad);
    }
    for (var r = 0u; r < THREAD_ROWS; r++) {
      var query_quad: vec4f;
      if (STAGE_QUERY == 1) {
        query_quad = query_tile[first_row + r][quad];
      } else {
        query_quad = query[query_starts[r] + quad];
      }
      for (var c = 0u; c < THREAD_FOURS; c++) {
        products[r][c] = with_dots(products[r][c], query_quad, key_quads[c]);
      }
    }
  }
  for (var c = 0u; c < THREAD_FOURS; c++) {
    let four = first_four + c * COLUMNS;
    if (four < FOURS && split < SPLITS) {
      for (var r = 0u; r < THREAD_ROWS; r++) {
        weights[first_row + r][split * FOURS + four] = products[r][c];
      }
    }
  }
}

// Turns the tile's products into scores, and these into weights against the new peak of each row.
fn weigh(item: Item, tile: u32, first: u32, kv_head: u32, thread: u32) {
  let lane = thread % LANES;
  for (var first_row = 0u; first_row < bound(u32(TILE_ROWS)); first_row += PASS_ROWS) {
    let row = first_row + thread / LANES;
    let inside = row < min(u32(TILE_ROWS), item.row_count);
    let tile_row = select(0u, row, inside);
    let first_four = select(FOURS, lane, inside);
    var peak = LOWEST;
    for (var four = first_four; four < bound(FOURS); four += LANES) {
      var products = weights[tile_row][four];
      for (var split = 1u; split < SPLITS; split++) {
        products += weights[tile_row][split * FOURS + four];
      }
      products *= four_scales(tile, four)[0];
      let scores = scores_of(item, products, item.row + tile_row, first + 4u * four, kv_head);
      weights[tile_row][four] = scores;
      peak = max(peak, max(max(scores.x, scores.y), max(scores.z, scores.w)));
    }
    let old_peak = peaks[tile_row];
    let new_peak = max(old_peak, lane_max(peak, thread));
    var total = 0.0;
    for (var four = first_four; four < bound(FOURS); four += LANES) {
      let scores = weights[tile_row][four];
      let exponentials = select(vec4f(), exp(scores - new_peak), scores > vec4f(DEAD));
      total += dot(exponentials, vec4f(1.0));
      weights[tile_row][four] = exponentials * four_scales(tile, four)[1];
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

alias Sums = array<array<vec4f, THREAD_QUADS>, THREAD_ROWS>;

// Adds the weighed values of the tile's first `count` fours.
fn add_values(sums: ptr<function, Sums>, tile: u32, count: u32, first_row: u32, column: u32) {
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let rescale = rescales[first_row + r];
    for (var i = 0u; i < THREAD_QUADS; i++) {
      (*sums)[r][i] *= rescale;
    }
  }
  for (var four = 0u; four < count; four++) {
    var row_weights: array<vec4f, THREAD_ROWS>;
    for (var r = 0u; r < THREAD_ROWS; r++) {
      row_weights[r] = weights[first_row + r][four];
    }
    let value_starts = value_starts_of(tile, four);
    for (var i = 0u; i < THREAD_QUADS; i++) {
      let value_quads = value_quads_of(value_starts, min(column + i * COLUMNS, QUADS - 1u));
      for (var r = 0u; r < THREAD_ROWS; r++) {
        (*sums)[r][i] = with_weighed((*sums)[r][i], value_quads, row_weights[r]);
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
  let start = item.first_key - item.first_key % TILE_KEYS;
  find_entries(item, start, kv_head, thread);
  workgroupBarrier();
  var held: Held;
  if (STAGE_KV == 1) {
    load_keys(&held, 0u, thread);
  }
  var sums: Sums;
  var tile = 0u; // the tile's place among the entries
  for (var first = start; first < item.end_key; first += u32(TILE_KEYS)) {
    if (STAGE_KV == 1) {
      store_held(&held, true, thread);
      load_values(&held, tile, thread);
      workgroupBarrier();
    }
    multiply(item, tile, kv_head, first_row, column);
    workgroupBarrier();
    weigh(item, tile, first, kv_head, thread);
    if (STAGE_KV == 1) {
      store_held(&held, false, thread);
    }
    workgroupBarrier();
    let live_fours = min(FOURS, (item.end_key - first + 3u) / 4u);
    if (STAGE_KV == 0) {
      add_values(&sums, tile, live_fours, first_row, column);
      workgroupBarrier();
    }
    let next = first + u32(TILE_KEYS);
    tile += u32(TILE_KEYS);
    if (tile == ENTRY_KEYS && next < item.end_key) {
      find_entries(item, next, kv_head, thread);
      workgroupBarrier();
      tile = 0u;
    }
    if (STAGE_KV == 1) {
      if (next < item.end_key) {
        load_keys(&held, tile, thread);
      }
      add_values(&sums, tile, live_fours, first_row, column);
      workgroupBarrier();
    }
  }
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let tile_row = first_row + r;
    if (tile_row < item.row_count) {
      store_row(item, tile_row, kv_head, column, sums[r]);
    }
  }
}
