// Matrix product for one row on a processor that plays a graphics card: an invocation makes eight outputs by
// itself, as linear_rows.wgsl makes four for several rows.
//
// Grid: outputs. Constants: those of linear.wgsl and linear_held_*.wgsl, WORKGROUP.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let first_output = (workgroup.x * WORKGROUP + local.x) * 8u;
  let start = input_row(0u) * QUADS;
  let near_starts = weight_starts_of(first_output);
  let far_starts = weight_starts_of(first_output + 4u);
  let place = place_in_subgroup();

  var near_sums: vec4f;
  var far_sums: vec4f;
  var squares = 0.0; // of the quads held here
  for (var first = 0u; first < rolled(QUADS); first += HELD) {
    let quad = min(first + place, QUADS - 1u);
    var held = input[start + quad];
    if (past_end(first + place)) {
      held = vec4f();
    }
    if (NORM == 1) {
      squares += dot(held, held);
      held *= gains[quad];
    }
    for (var holder = 0u; holder < rolled(min(u32(HELD), QUADS - first)); holder++) {
      let row_quad = passed_on(held, holder);
      near_sums += dots(weights_at(near_starts, first + holder), row_quad);
      far_sums += dots(weights_at(far_starts, first + holder), row_quad);
    }
  }

  let square_sum = held_sum(squares);
  store_four(0u, first_output, near_sums, square_sum);
  store_four(0u, first_output + 4u, far_sums, square_sum);
}
