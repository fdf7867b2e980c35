// Reading a weight matrix [outputs][INPUTS] in the form its file had: nothing is converted when a model loads.
// Prepended to weights_wide.wgsl or weights_narrow.wgsl. Constants: FORMAT.

const FORMAT_F32 = 0;
const FORMAT_F16 = 1;
const FORMAT_BF16 = 2;

fn unpack4(words: vec2u) -> vec4f {
  if (FORMAT == FORMAT_BF16) {
    let low = words << vec2u(16u);
    let high = words & vec2u(0xffff0000u);
    return bitcast<vec4f>(vec4u(low.x, high.x, low.y, high.y));
  }
  return vec4f(unpack2x16float(words.x), unpack2x16float(words.y));
}
