// Matrix product for one input row or two.
//
// A group of LANES invocations walks along INPUTS and makes GROUP_OUTPUTS outputs for COLUMNS rows;
// a workgroup is WORKGROUP / LANES such groups. Grid: outputs, row blocks.
// Constants: those of linear.wgsl and lane_sum.wgsl, GROUP_OUTPUTS, COLUMNS.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let group = local.x / LANES;
  let lane = local.x % LANES;
  let first_output = (workgroup.x * (WORKGROUP / LANES) + group) * GROUP_OUTPUTS;
  let first_row = workgroup.y * COLUMNS;
  let last_row = row_count() - 1u;

  // Rows and outputs past the end read the last one and are not stored.
  var row_starts: array<u32, COLUMNS>;
  for (var c = 0u; c < COLUMNS; c++) {
    row_starts[c] = input_row(min(first_row + c, last_row)) * QUADS;
  }
  var weight_starts: array<u32, GROUP_OUTPUTS>;
  for (var o = 0u; o < GROUP_OUTPUTS; o++) {
    weight_starts[o] = weight_row(min(first_output + o, OUTPUTS - 1u)) * CHUNKS;
  }

  var sums: array<f32, SUMS>; // [GROUP_OUTPUTS][COLUMNS], then [COLUMNS] sums of squares with NORM
  for (var chunk = lane; chunk < CHUNKS; chunk += LANES) {
    var chunk_weights: array<array<vec4f, 2>, GROUP_OUTPUTS>;
    for (var o = 0u; o < GROUP_OUTPUTS; o++) {
      if (CHUNK_QUADS == 2) {
        chunk_weights[o] = weights8(weight_starts[o] + chunk);
      } else {
        chunk_weights[o][0] = weights4(weight_starts[o] + chunk);
      }
    }
    for (var q = 0u; q < CHUNK_QUADS; q++) {
      let quad = chunk * CHUNK_QUADS + q;
      for (var c = 0u; c < COLUMNS; c++) {
        var value = input[row_starts[c] + quad];
        if (NORM == 1) {
          sums[SUMS - COLUMNS + c] += dot(value, value);
          value *= gains[quad];
        }
        for (var o = 0u; o < GROUP_OUTPUTS; o++) {
          sums[o * COLUMNS + c] = with_dot(sums[o * COLUMNS + c], value, chunk_weights[o][q]);
        }
      }
    }
  }
  if (LANES > 1) {
    lane_sums(&sums, group, lane);
  }

  for (var c = 0u; c < COLUMNS; c++) {
    let row = first_row + c;
    let square_sum = sums[SUMS - COLUMNS + c];
    for (var o = 0u; o < GROUP_OUTPUTS; o++) {
      let virtual_output = first_output + o;
      let mine = (c * GROUP_OUTPUTS + o) % LANES == lane;
      if (!mine || row > last_row || virtual_output >= OUTPUTS) {
        continue;
      }
      let next = sums[((o + 1u) % GROUP_OUTPUTS) * COLUMNS + c];
      store_product(row, virtual_output, sums[o * COLUMNS + c], next, square_sum);
    }
  }
}
