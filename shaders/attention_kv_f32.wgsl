// Keys and values as they are. Prepended to attention_tile.wgsl.

alias KvQuad = vec4f;

fn unpack(quad: KvQuad) -> vec4f {
  return quad;
}

// What the products with a stored key, and with its stored value, are to be multiplied with.
fn scales_of(_entry: u32) -> vec2f {
  return vec2f(1.0);
}
