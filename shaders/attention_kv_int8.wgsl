// Keys and values as signed bytes of a scale per token and KV head. A scale is the largest magnitude of its
// vector, for a byte stands for a fraction of 127. Prepended to attention_tile.wgsl.

alias KvQuad = u32;

@group(1) @binding(6) var<storage, read> scales: array<vec2f>; // [slots][KV_HEADS] of keys and of values

fn unpack(quad: KvQuad) -> vec4f {
  return unpack4x8snorm(quad);
}

// What the products with a stored key, and with its stored value, are to be multiplied with.
fn scales_of(entry: u32) -> vec2f {
  return scales[entry];
}
