// Stores keys and values as signed bytes, four in a word, each a fraction of the largest magnitude among its head's
// elements; that magnitude is their scale.

@group(1) @binding(5) var<storage, read_write> scales: array<vec2f>; // [slots][KV_HEADS] of keys and of values

const KV_WORDS = KV_DIM / 4u;
const HEAD_WORDS = u32(HEAD_DIM / 4);

// Largest magnitudes by KV head, as the floats' bits: positive floats order as their bits do.
var<workgroup> key_peaks: array<atomic<u32>, KV_HEADS>;
var<workgroup> value_peaks: array<atomic<u32>, KV_HEADS>;

fn keys_at(token: u32, word: u32, position: u32) -> vec4f {
  let i = 4u * word;
  return vec4f(
    key(token, i, position), key(token, i + 1u, position), key(token, i + 2u, position), key(token, i + 3u, position),
  );
}

fn values_at(token: u32, word: u32) -> vec4f {
  let i = 4u * word;
  return vec4f(value(token, i), value(token, i + 1u), value(token, i + 2u), value(token, i + 3u));
}

fn peak_of(quad: vec4f) -> u32 {
  let magnitudes = abs(quad);
  return bitcast<u32>(max(max(magnitudes.x, magnitudes.y), max(magnitudes.z, magnitudes.w)));
}

fn packed(quad: vec4f, peak: f32) -> u32 {
  return pack4x8snorm(quad / max(peak, 1.0e-30));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let token = workgroup.x;
  let position = metadata[step.positionsAt + token];
  write_query(token, position, local.x);
  let slot = metadata[step.slotMappingAt + token];
  if (slot == NO_SLOT) {
    return;
  }
  for (var i = local.x; i < KV_WORDS; i += WORKGROUP) {
    atomicMax(&key_peaks[i / HEAD_WORDS], peak_of(keys_at(token, i, position)));
    atomicMax(&value_peaks[i / HEAD_WORDS], peak_of(values_at(token, i)));
  }
  workgroupBarrier();
  for (var i = local.x; i < KV_WORDS; i += WORKGROUP) {
    let kv_head = i / HEAD_WORDS;
    let peaks = bitcast<vec2f>(vec2u(atomicLoad(&key_peaks[kv_head]), atomicLoad(&value_peaks[kv_head])));
    keys[slot * KV_WORDS + i] = packed(keys_at(token, i, position), peaks.x);
    values[slot * KV_WORDS + i] = packed(values_at(token, i), peaks.y);
    if (i % HEAD_WORDS == 0u) {
      scales[slot * KV_HEADS + kv_head] = peaks;
    }
  }
}
