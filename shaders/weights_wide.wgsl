// Weights in 16-byte loads, for graphics cards.

@group(1) @binding(0) var<storage, read> weights: array<vec4u>;

// Four values from element 4 * quad on.
fn weights4(quad: u32) -> vec4f {
  if (FORMAT == FORMAT_F32) {
    return bitcast<vec4f>(weights[quad]);
  }
  let packed = weights[quad >> 1u];
  return unpack4(select(packed.xy, packed.zw, (quad & 1u) == 1u));
}

// Eight values from element 8 * octet on: one load for the 2-byte formats.
fn weights8(octet: u32) -> array<vec4f, 2> {
  if (FORMAT == FORMAT_F32) {
    return array(bitcast<vec4f>(weights[octet * 2u]), bitcast<vec4f>(weights[octet * 2u + 1u]));
  }
  let packed = weights[octet];
  return array(unpack4(packed.xy), unpack4(packed.zw));
}
