// Matrix product for any number of rows on a processor that plays a graphics card: an invocation makes
// GROUP_OUTPUTS outputs for four rows by itself. Nothing waits for anything, and since all invocations of a
// workgroup read the same inputs, the processor loads them once for all its lanes.
//
// Grid: blocks of four rows, outputs; so the workgroups that read the same weights run one after another.
// Constants: those of linear.wgsl with LANES = 1, WORKGROUP, GROUP_OUTPUTS.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let first_output = (workgroup.y * WORKGROUP + local.x) * GROUP_OUTPUTS;
  let first_row = workgroup.x * 4u;
  let last_row = row_count() - 1u;

  // Rows and outputs past the end read the last one and are not stored.
  let row_a = input_row(min(first_row, last_row)) * QUADS;
  let row_b = input_row(min(first_row + 1u, last_row)) * QUADS;
  let row_c = input_row(min(first_row + 2u, last_row)) * QUADS;
  let row_d = input_row(min(first_row + 3u, last_row)) * QUADS;
  var weight_starts: array<u32, GROUP_OUTPUTS>;
  for (var o = 0u; o < GROUP_OUTPUTS; o++) {
    weight_starts[o] = weight_row(min(first_output + o, OUTPUTS - 1u)) * CHUNKS;
  }

  var squares: vec4f; // of four rows, like each of the sums
  var sums: array<vec4f, GROUP_OUTPUTS>;
  for (var chunk = 0u; chunk < CHUNKS; chunk++) {
    var low: array<vec4f, GROUP_OUTPUTS>; // the chunk's quads
    var high: array<vec4f, GROUP_OUTPUTS>; // with CHUNK_QUADS == 2
    for (var o = 0u; o < GROUP_OUTPUTS; o++) {
      if (CHUNK_QUADS == 2) {
        let octet = weights8(weight_starts[o] + chunk);
        low[o] = octet[0];
        high[o] = octet[1];
      } else {
        low[o] = weights4(weight_starts[o] + chunk);
      }
    }
    for (var q = 0u; q < CHUNK_QUADS; q++) {
      let quad = chunk * CHUNK_QUADS + q;
      var a = input[row_a + quad];
      var b = input[row_b + quad];
      var c = input[row_c + quad];
      var d = input[row_d + quad];
      if (NORM == 1) {
        squares += vec4f(dot(a, a), dot(b, b), dot(c, c), dot(d, d));
        let gain = gains[quad];
        a *= gain;
        b *= gain;
        c *= gain;
        d *= gain;
      }
      for (var o = 0u; o < GROUP_OUTPUTS; o++) {
        let w = select(low[o], high[o], q == 1u);
        sums[o] += vec4f(dot(a, w), dot(b, w), dot(c, w), dot(d, w));
      }
    }
  }

  for (var o = 0u; o < GROUP_OUTPUTS; o++) {
    let virtual_output = first_output + o;
    for (var r = 0u; r < 4u; r++) {
      let row = first_row + r;
      if (row > last_row || virtual_output >= OUTPUTS) {
        continue;
      }
      let value = finish(sums[o][r], squares[r], virtual_output);
      if (SWIGLU == 0) {
        store(row, virtual_output, value);
      } else if ((o & 1u) == 0u) {
        let up = finish(sums[(o + 1u) % GROUP_OUTPUTS][r], squares[r], virtual_output + 1u);
        store(row, virtual_output >> 1u, silu(value) * up);
      }
    }
  }
}
