// Matrix product for many input rows: a workgroup makes a TILE_ROWS x TILE_OUTPUTS tile, an invocation a
// THREAD_ROWS x THREAD_OUTPUTS piece of it, over slices of SLICE_QUADS * 4 inputs staged in workgroup
// memory. Grid: output tiles, row tiles.
//
// Constants: those of linear.wgsl, TILE_ROWS, TILE_OUTPUTS, THREAD_ROWS, THREAD_OUTPUTS, SLICE_QUADS.

const THREADS_X = TILE_OUTPUTS / THREAD_OUTPUTS;
const THREADS_Y = TILE_ROWS / THREAD_ROWS;
const THREADS = THREADS_X * THREADS_Y;
const STAGED_INPUTS = TILE_ROWS * SLICE_QUADS / THREADS; // per invocation
const STAGED_WEIGHTS = TILE_OUTPUTS * SLICE_QUADS / THREADS;
const STRIDE = SLICE_QUADS + 1u; // one more, so that the rows of a tile start in different banks

var<workgroup> input_tile: array<vec4f, TILE_ROWS * STRIDE>;
var<workgroup> weight_tile: array<vec4f, TILE_OUTPUTS * STRIDE>;

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

  var squares: array<f32, STAGED_INPUTS>;
  var sums: array<array<f32, THREAD_OUTPUTS>, THREAD_ROWS>;
  for (var slice = 0u; slice < QUADS; slice += SLICE_QUADS) {
    let quad = slice + staged_quad;
    let inside = quad < QUADS;
    for (var i = 0u; i < STAGED_INPUTS; i++) {
      let value = select(vec4f(), input[input_starts[i] + min(quad, QUADS - 1u)], inside);
      if (NORM == 1) {
        squares[i] += dot(value, value);
      }
      input_tile[(thread + i * THREADS) / SLICE_QUADS * STRIDE + staged_quad] = value;
    }
    for (var i = 0u; i < STAGED_WEIGHTS; i++) {
      var weight = weights4(weight_starts[i] + min(quad, QUADS - 1u));
      if (NORM == 1) {
        weight *= gains[min(quad, QUADS - 1u)];
      }
      weight_tile[(thread + i * THREADS) / SLICE_QUADS * STRIDE + staged_quad] = weight;
    }
    workgroupBarrier();
    for (var q = 0u; q < SLICE_QUADS; q++) {
      var w: array<vec4f, THREAD_OUTPUTS>;
      for (var o = 0u; o < THREAD_OUTPUTS; o++) {
        w[o] = weight_tile[(x + o * THREADS_X) * STRIDE + q];
      }
      for (var r = 0u; r < THREAD_ROWS; r++) {
        let value = input_tile[(y + r * THREADS_Y) * STRIDE + q];
        for (var o = 0u; o < THREAD_OUTPUTS; o++) {
          sums[r][o] += dot(value, w[o]);
        }
      }
    }
    workgroupBarrier();
  }

  // The tile's memory now carries the sums of squares to the invocations that need them.
  if (NORM == 1) {
    for (var i = 0u; i < STAGED_INPUTS; i++) {
      input_tile[(thread + i * THREADS) / SLICE_QUADS * STRIDE + staged_quad] = vec4f(squares[i]);
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < THREAD_ROWS; r++) {
    let tile_row = y + r * THREADS_Y;
    let row = first_row + tile_row;
    var square_sum = 0.0;
    if (NORM == 1) {
      for (var q = 0u; q < SLICE_QUADS; q++) {
        square_sum += input_tile[tile_row * STRIDE + q].x;
      }
    }
    for (var o = 0u; o < THREAD_OUTPUTS; o++) {
      let output_index = virtual_output(first_output, x + o * THREADS_X);
      if (row > last_row || output_index >= OUTPUTS) {
        continue;
      }
      let value = finish(sums[r][o], square_sum, output_index);
      if (SWIGLU == 0) {
        store(row, output_index, value);
      } else if ((o & 1u) == 0u) {
        let up = finish(sums[r][(o + 1u) % THREAD_OUTPUTS], square_sum, output_index + 1u);
        store(row, output_index >> 1u, silu(value) * up);
      }
    }
  }
}
