// Stores keys and values as floats or as halves, two in a word. Constants: KV_F16 (0 or 1).

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let token = workgroup.x;
  let position = metadata[step.positionsAt + token];
  write_query(token, position, local.x);
  let slot = metadata[step.slotMappingAt + token];
  if (slot == NO_SLOT) {
    return;
  }
  if (KV_F16 == 1) {
    for (var i = local.x; i < KV_DIM / 2u; i += WORKGROUP) {
      let at = slot * (KV_DIM / 2u) + i;
      keys[at] = KvWord(pack2x16float(vec2f(key(token, 2u * i, position), key(token, 2u * i + 1u, position))));
      values[at] = KvWord(pack2x16float(vec2f(value(token, 2u * i), value(token, 2u * i + 1u))));
    }
  } else {
    for (var i = local.x; i < KV_DIM; i += WORKGROUP) {
      keys[slot * KV_DIM + i] = KvWord(key(token, i, position));
      values[slot * KV_DIM + i] = KvWord(value(token, i));
    }
  }
}
