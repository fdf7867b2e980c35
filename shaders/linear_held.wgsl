// What linear_rows.wgsl does with four outputs at a time. Prepended to it. Constants: those of linear.wgsl, HELD.

// Whether there is no such quad in a row, known without a look where every subgroup's last one is there.
fn past_end(quad: u32) -> bool {
  return QUADS % HELD != 0u && quad >= QUADS;
}

// Where the weights of four outputs start; those past the end read the last one's and are not stored.
fn weight_starts_of(first_output: u32) -> vec4u {
  let outputs = min(first_output + vec4u(0u, 1u, 2u, 3u), vec4u(u32(OUTPUTS) - 1u));
  return vec4u(weight_row(outputs.x), weight_row(outputs.y), weight_row(outputs.z), weight_row(outputs.w)) * QUADS;
}

fn weights_at(starts: vec4u, quad: u32) -> mat4x4f {
  return mat4x4f(
    weights4(starts.x + quad),
    weights4(starts.y + quad),
    weights4(starts.z + quad),
    weights4(starts.w + quad),
  );
}

fn dots(outputs: mat4x4f, row: vec4f) -> vec4f {
  return vec4f(dot(outputs[0], row), dot(outputs[1], row), dot(outputs[2], row), dot(outputs[3], row));
}

fn store_four(row: u32, first_output: u32, sums: vec4f, square_sum: f32) {
  if (row >= row_count()) {
    return;
  }
  for (var o = 0u; o < 4u && first_output + o < OUTPUTS; o++) {
    store_product(row, first_output + o, sums[o], sums[(o + 1u) % 4u], square_sum);
  }
}
