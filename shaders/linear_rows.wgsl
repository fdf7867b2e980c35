// Matrix product for several rows on a processor that plays a graphics card: an invocation makes four outputs for
// ROWS rows by itself, and nothing waits for anything but what linear_held_*.wgsl passes around.
//
// Rows and outputs stand in matrices, not arrays: software drivers keep arrays that a loop indexes in memory.
//
// Grid: blocks of rows, outputs; so the workgroups that read the same weights run one after another.
// Constants: those of linear.wgsl and linear_held_*.wgsl, WORKGROUP, ROWS (4 or 8).

fn starts_of(first_row: u32) -> vec4u {
  let last_row = row_count() - 1u; // rows past it read it and are not stored
  let rows = min(first_row + vec4u(0u, 1u, 2u, 3u), vec4u(last_row));
  return vec4u(input_row(rows.x), input_row(rows.y), input_row(rows.z), input_row(rows.w)) * QUADS;
}

// A quad of each of four rows.
fn rows_at(starts: vec4u, quad: u32) -> mat4x4f {
  return mat4x4f(input[starts.x + quad], input[starts.y + quad], input[starts.z + quad], input[starts.w + quad]);
}

fn squares_of(rows: mat4x4f) -> vec4f {
  return vec4f(dot(rows[0], rows[0]), dot(rows[1], rows[1]), dot(rows[2], rows[2]), dot(rows[3], rows[3]));
}

fn scaled(rows: mat4x4f, gain: vec4f) -> mat4x4f {
  return mat4x4f(rows[0] * gain, rows[1] * gain, rows[2] * gain, rows[3] * gain);
}

// Each of four rows with each of four outputs.
fn products(rows: mat4x4f, outputs: mat4x4f, holder: u32) -> mat4x4f {
  return mat4x4f(
    dots(outputs, passed_on(rows[0], holder)),
    dots(outputs, passed_on(rows[1], holder)),
    dots(outputs, passed_on(rows[2], holder)),
    dots(outputs, passed_on(rows[3], holder)),
  );
}

fn row_with_four(sum: vec4f, quads: mat4x4f, a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f) -> vec4f {
  return sum + dots(a, quads[0]) + dots(b, quads[1]) + dots(c, quads[2]) + dots(d, quads[3]);
}

// The same for all four quads that a subgroup of four holds, added to `sums` one by one. Unrolled, because it takes
// such a driver less to pass a value on from a place that it knows when it compiles.
fn with_four(sums: mat4x4f, rows: mat4x4f, a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f) -> mat4x4f {
  return mat4x4f(
    row_with_four(sums[0], spread(rows[0]), a, b, c, d),
    row_with_four(sums[1], spread(rows[1]), a, b, c, d),
    row_with_four(sums[2], spread(rows[2]), a, b, c, d),
    row_with_four(sums[3], spread(rows[3]), a, b, c, d),
  );
}

fn store_rows(first_row: u32, first_output: u32, sums: mat4x4f, squares: vec4f) {
  store_four(first_row, first_output, sums[0], held_sum(squares.x));
  store_four(first_row + 1u, first_output, sums[1], held_sum(squares.y));
  store_four(first_row + 2u, first_output, sums[2], held_sum(squares.z));
  store_four(first_row + 3u, first_output, sums[3], held_sum(squares.w));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let first_output = (workgroup.y * WORKGROUP + local.x) * 4u;
  let first_row = workgroup.x * ROWS;
  let near_starts = starts_of(first_row);
  let far_starts = starts_of(first_row + 4u);
  let weight_starts = weight_starts_of(first_output);
  let place = place_in_subgroup();

  var near_sums: mat4x4f;
  var far_sums: mat4x4f; // with ROWS == 8
  var near_squares: vec4f; // of the quads held here
  var far_squares: vec4f;
  for (var first = 0u; first < rolled(QUADS); first += HELD) {
    let quad = min(first + place, QUADS - 1u);
    var near = rows_at(near_starts, quad);
    var far: mat4x4f;
    if (ROWS == 8) {
      far = rows_at(far_starts, quad);
    }
    if (past_end(first + place)) {
      near = mat4x4f();
      far = mat4x4f();
    }
    if (NORM == 1) {
      let gain = gains[quad];
      near_squares += squares_of(near);
      near = scaled(near, gain);
      if (ROWS == 8) {
        far_squares += squares_of(far);
        far = scaled(far, gain);
      }
    }
    if (HELD == 4) {
      let outputs = weights_at(weight_starts, first);
      let outputs_1 = weights_at(weight_starts, min(first + 1u, QUADS - 1u));
      let outputs_2 = weights_at(weight_starts, min(first + 2u, QUADS - 1u));
      let outputs_3 = weights_at(weight_starts, min(first + 3u, QUADS - 1u));
      near_sums = with_four(near_sums, near, outputs, outputs_1, outputs_2, outputs_3);
      if (ROWS == 8) {
        far_sums = with_four(far_sums, far, outputs, outputs_1, outputs_2, outputs_3);
      }
    } else {
      for (var holder = 0u; holder < rolled(min(u32(HELD), QUADS - first)); holder++) {
        let outputs = weights_at(weight_starts, first + holder);
        near_sums += products(near, outputs, holder);
        if (ROWS == 8) {
          far_sums += products(far, outputs, holder);
        }
      }
    }
  }

  store_rows(first_row, first_output, near_sums, near_squares);
  if (ROWS == 8) {
    store_rows(first_row + 4u, first_output, far_sums, far_squares);
  }
}
