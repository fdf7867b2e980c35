// Keys and values as halves, two in a word: every device can read them so. Prepended to attention_tile.wgsl.

alias KvQuad = vec2u;

fn unpack(quad: KvQuad) -> vec4f {
  return vec4f(unpack2x16float(quad.x), unpack2x16float(quad.y));
}

// What the products with a stored key, and with its stored value, are to be multiplied with.
fn scales_of(_entry: u32) -> vec2f {
  return vec2f(1.0);
}
