// Matrix product for many input rows: a workgroup makes a TILE_ROWS x TILE_OUTPUTS tile, an invocation a
// THREAD_ROWS x THREAD_OUTPUTS piece of it, lane by lane (see linear.wgsl), over slices of SLICE_QUADS * 4 of a
// lane's inputs staged in workgroup memory. Grid: output tiles, row tiles.
//
// Constants: those of linear.wgsl, TILE_ROWS, TILE_OUTPUTS, THREAD_ROWS, THREAD_OUTPUTS, SLICE_QUADS.

const THREADS_X = TILE_OUTPUTS / THREAD_OUTPUTS;
const THREADS_Y = TILE_ROWS / THREAD_ROWS;
const THREADS = THREADS_X * THREADS_Y;
const STAGED_INPUTS = TILE_ROWS * SLICE_QUADS / THREADS; // per invocation
const STAGED_WEIGHTS = TILE_OUTPUTS * SLICE_QUADS / THREADS;
const STRIDE = SLICE_QUADS + 1u; // one more, so that the rows of a tile start in different banks

// What a loop counts is an index of its own: where the loop is unrolled its bounds check is gone with it.
var<workgroup> input_tile: array<array<vec4f, STRIDE>, TILE_ROWS>;
var<workgroup> weight_tile: array<array<vec4f, STRIDE>, TILE_OUTPUTS>;
var<workgroup> square_tile: array<array<f32, STRIDE>, TILE_ROWS>; // with NORM, of the inputs before their gains
var<workgroup> row_squares: array<f32, TILE_ROWS>;

// Outputs of an invocation lie THREADS_X apart; with SWIGLU each gate lies beside its up.
fn virtual_output(first: u32, tile_output: u32) -> u32 {
  if (SWIGLU == 1) {
    let x = tile_output % THREADS_X;
    let o = tile_output / THREADS_X;
    return first + (x + (o >> 1u) * THREADS_X) * 2u + (o & 1u);
  }
  return first + tile_output;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let thread = local.x;
  let x = thread % THREADS_X;
  let y = thread / THREADS_X;
  let first_output = workgroup.x * TILE_OUTPUTS;
  let first_row = workgroup.y * TILE_ROWS;
  let last_row = row_count() - 1u;

  // What this invocation stages of every slice: rows and outputs past the end stand in for the last one.
  let staged_quad = thread % SLICE_QUADS;
  var input_starts: array<u32, STAGED_INPUTS>;
  for (var i = 0u; i < STAGED_INPUTS; i++) {
    let row = first_row + (thread + i * THREADS) / SLICE_QUADS;
    input_starts[i] = input_row(min(row, last_row)) * QUADS;
  }
  var weight_starts: array<u32, STAGED_WEIGHTS>;
  for (var i = 0u; i < STAGED_WEIGHTS; i++) {
    let tile_output = (thread + i * THREADS) / SLICE_QUADS;
    weight_starts[i] = weight_row(min(virtual_output(first_output, tile_output), OUTPUTS - 1u)) * QUADS;
  }

  var totals: array<array<f32, THREAD_OUTPUTS>, THREAD_ROWS>;
  var square_total = 0.0; // of row `thread`, with NORM
  for (var lane = 0u; lane < LANES; lane++) {
    let lane_quads = (CHUNKS - lane + LANES - 1u) / LANES * CHUNK_QUADS;
    // Their zeros are written out, because Dawn gives a variable its implied zero only once, not in every turn.
    var sums = array<array<f32, THREAD_OUTPUTS>, THREAD_ROWS>();
    var squares = 0.0;
    for (var slice = 0u; slice < lane_quads; slice += SLICE_QUADS) {
      // Past the lane's end zeros are added.
      let inside = slice + staged_quad < lane_quads;
      let lane_quad = min(slice + staged_quad, lane_quads - 1u);
      let quad = (lane_quad / CHUNK_QUADS * LANES + lane) * CHUNK_QUADS + lane_quad % CHUNK_QUADS;
      for (var i = 0u; i < STAGED_INPUTS; i++) {
        let tile_row = (thread + i * THREADS) / SLICE_QUADS;
        var value = select(vec4f(), input[input_starts[i] + quad], inside);
        if (NORM == 1) {
          square_tile[tile_row][staged_quad] = dot(value, value);
          value *= gains[quad];
        }
        input_tile[tile_row][staged_quad] = value;
      }
      for (var i = 0u; i < STAGED_WEIGHTS; i++) {
        weight_tile[(thread + i * THREADS) / SLICE_QUADS][staged_quad] = weights4(weight_starts[i] + quad);
      }
      workgroupBarrier();
      if (NORM == 1 && thread < TILE_ROWS) {
        for (var q = 0u; q < SLICE_QUADS; q++) {
          squares += square_tile[thread][q];
        }
      }
      for (var q = 0u; q < SLICE_QUADS; q++) {
        var w: array<vec4f, THREAD_OUTPUTS>;
        for (var o = 0u; o < THREAD_OUTPUTS; o++) {
          w[o] = weight_tile[x + o * THREADS_X][q];
        }
        for (var r = 0u; r < THREAD_ROWS; r++) {
          let value = input_tile[y + r * THREADS_Y][q];
          for (var o = 0u; o < THREAD_OUTPUTS; o++) {
            sums[r][o] = with_dot(sums[r][o], value, w[o]);
          }
        }
      }
      workgroupBarrier();
    }
    square_total += squares;
    for (var r = 0u; r < THREAD_ROWS; r++) {
      for (var o = 0u; o < THREAD_OUTPUTS; o++) {
        totals[r][o] += sums[r][o];
      }
    }
  }

  if (thread < TILE_ROWS) {
    row_squares[thread] = square_total;
  }
  workgroupBarrier();
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let row = first_row + y + r * THREADS_Y;
    let square_sum = row_squares[y + r * THREADS_Y];
    for (var o = 0u; o < THREAD_OUTPUTS; o++) {
      let output_index = virtual_output(first_output, x + o * THREADS_X);
      if (row > last_row || output_index >= OUTPUTS) {
        continue;
      }
      store_product(row, output_index, totals[r][o], totals[r][(o + 1u) % THREAD_OUTPUTS], square_sum);
    }
  }
}
