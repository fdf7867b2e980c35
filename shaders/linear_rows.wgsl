// Matrix product on a processor that plays a graphics card: an invocation makes 4 * FOURS outputs for
// ROWS rows by itself, and nothing waits for anything but what linear_held_*.wgsl passes around.
//
// Rows and outputs of an invocation are known when the shader is made, and the loops over them written out: see
// src/gpu/shader.ts.
//
// Grid: blocks of rows, outputs; so the workgroups that read the same weights run one after another.
// Constants: those of linear.wgsl and linear_held_*.wgsl, WORKGROUP, ROWS, FOURS.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let first_output = (workgroup.y * WORKGROUP + local.x) * 4u * FOURS;
  let first_row = workgroup.x * ROWS;
  let place = place_in_held();
  var row_starts: array<u32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    row_starts[r] = input_row(min(first_row + r, row_count() - 1u)) * QUADS; // one past the end is not stored
  }
  var weight_starts: array<vec4u, FOURS>;
  for (var f = 0u; f < FOURS; f++) {
    weight_starts[f] = weight_starts_of(first_output + 4u * f);
  }

  var sums: array<array<vec4f, FOURS>, ROWS>;
  var squares: array<f32, ROWS>; // of the quads held here
  for (var first = 0u; first < rolled(QUADS); first += HELD) {
    let quad = min(first + place, QUADS - 1u);
    var row_quads: array<Held, ROWS>;
    for (var r = 0u; r < ROWS; r++) {
      var held = input[row_starts[r] + quad];
      if (past_end(first + place)) {
        held = vec4f();
      }
      if (NORM == 1) {
        squares[r] += dot(held, held);
        held *= gains[quad];
      }
      row_quads[r] = shared_quads(held);
    }
    for (var holder = 0u; holder < rolled(HELD); holder++) {
      let at = min(first + holder, QUADS - 1u);
      var quads: array<vec4f, ROWS>;
      for (var r = 0u; r < ROWS; r++) {
        quads[r] = held_quad(row_quads[r], holder);
      }
      for (var f = 0u; f < FOURS; f++) {
        let outputs = weights_at(weight_starts[f], at);
        for (var r = 0u; r < ROWS; r++) {
          sums[r][f] += dots(outputs, quads[r]);
        }
      }
    }
  }

  // Stored by a loop, which compiles fast, out of copies: what it indexes stands in memory.
  var products: array<vec4f, ROWS * FOURS>;
  var square_sums: array<f32, ROWS>;
  for (var r = 0u; r < ROWS; r++) {
    square_sums[r] = held_sum(squares[r]);
    for (var f = 0u; f < FOURS; f++) {
      products[r * FOURS + f] = sums[r][f];
    }
  }
  for (var i = 0u; i < rolled(ROWS * FOURS); i++) {
    store_four(first_row + i / FOURS, first_output + 4u * (i % FOURS), products[i], square_sums[i / FOURS]);
  }
}
