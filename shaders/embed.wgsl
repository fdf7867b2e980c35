// Token ids to rows of the embedding table. One workgroup per token.
//
// A table larger than a binding comes in parts; each dispatch writes the tokens its part holds.
// Constants: INPUTS (hidden size), FIRST_ROW, ROW_COUNT, WORKGROUP, FORMAT.

@group(1) @binding(1) var<storage, read> sampled: array<u32>; // [slots]
@group(1) @binding(2) var<storage, read_write> hidden: array<vec4f>; // [tokens][INPUTS / 4]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let token = workgroup.x;
  var id = metadata[step.tokensAt + token];
  if ((id & FROM_SLOT) != 0u) {
    id = sampled[id & ~FROM_SLOT];
  }
  if (id < FIRST_ROW || id - FIRST_ROW >= ROW_COUNT) {
    return;
  }
  const QUADS = INPUTS / 4u;
  for (var quad = local.x; quad < QUADS; quad += WORKGROUP) {
    hidden[token * QUADS + quad] = weights4((id - FIRST_ROW) * QUADS + quad);
  }
}
