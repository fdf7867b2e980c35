// First half of sampling: one workgroup looks at one chunk of one row's logits. Grid: chunks, sample rows.
//
// Constants: VOCAB, CHUNK, CHUNKS, WORKGROUP.

@group(1) @binding(0) var<storage, read> logits: array<f32>; // [samples][VOCAB]
@group(1) @binding(1) var<storage, read> history: array<u32>; // [slots][VOCAB]
@group(1) @binding(2) var<storage, read_write> partials: array<Partial>; // [samples][CHUNKS]

var<workgroup> shared_partials: array<Partial, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = workgroup.y;
  let sample = load_sample(row);
  let end = min((workgroup.x + 1u) * CHUNK, VOCAB);
  var mine = Partial(LOWEST, 0u, LOWEST, LOWEST, 0.0);
  for (var token = workgroup.x * CHUNK + local.x; token < end; token += WORKGROUP) {
    let logit = logits[row * VOCAB + token];
    mine = merge(mine, look_at(logit, token, sample));
  }
  shared_partials[local.x] = mine;
  for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (local.x < half) {
      shared_partials[local.x] = merge(shared_partials[local.x], shared_partials[local.x + half]);
    }
  }
  if (local.x == 0u) {
    partials[row * CHUNKS + workgroup.x] = shared_partials[0];
  }
}

fn look_at(logit: f32, token: u32, sample: Sample) -> Partial {
  var score = logit;
  if (sample.penalised != 0u) {
    score = penalise(logit, history[(sample.slot & 0xffffu) * VOCAB + token], sample);
  }
  score = tempered(score, sample);
  return Partial(noisy(score, token, sample), token, score, logit, 1.0);
}
