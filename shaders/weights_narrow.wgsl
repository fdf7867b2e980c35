// Weights in 8-byte loads, for software adapters, which load word by word whatever the width.

@group(1) @binding(0) var<storage, read> weights: array<vec2u>;

// Four values from element 4 * quad on.
fn weights4(quad: u32) -> vec4f {
  if (FORMAT == FORMAT_F32) {
    return bitcast<vec4f>(vec4u(weights[quad * 2u], weights[quad * 2u + 1u]));
  }
  return unpack4(weights[quad]);
}
