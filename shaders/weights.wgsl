// Reading a weight matrix [outputs][INPUTS] in the form its file had: nothing is converted when a model loads.
// Prepended to the kernels that multiply. Constants: FORMAT.

const FORMAT_F32 = 0;
const FORMAT_F16 = 1;
const FORMAT_BF16 = 2;

@group(1) @binding(0) var<storage, read> weights: array<vec4u>;

fn unpack4(words: vec2u) -> vec4f {
  if (FORMAT == FORMAT_BF16) {
    let low = words << vec2u(16u);
    let high = words & vec2u(0xffff0000u);
    return bitcast<vec4f>(vec4u(low.x, high.x, low.y, high.y));
  }
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}

// Four values from element 4 * quad on.
fn weights4(quad: u32) -> vec4f {
  if (FORMAT == FORMAT_F32) {
    return bitcast<vec4f>(weights[quad]);
  }
  let packed = weights[quad >> 1u];
  return unpack4(select(packed.xy, packed.zw, (quad & 1u) == 1u));
}

// Eight values from element 8 * octet on: one 16-byte load for the 2-byte formats.
fn weights8(octet: u32) -> array<vec4f, 2> {
  if (FORMAT == FORMAT_F32) {
    return array(bitcast<vec4f>(weights[octet * 2u]), bitcast<vec4f>(weights[octet * 2u + 1u]));
  }
  let packed = weights[octet];
  return array(unpack4(packed.xy), unpack4(packed.zw));
}
