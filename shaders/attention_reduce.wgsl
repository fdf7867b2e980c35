// Second half of attention that was cut along its keys: merges the partial results of a row. One workgroup per
// entry of the launch's table and KV head. A thread sums one quad of every SPLITS-th partial.
//
// Constants: those of attention_output.wgsl, TABLE, SPLITS.

const WORKGROUP = QUADS * SPLITS;

@group(1) @binding(2) var<storage, read> partials: array<vec4f>; // [partial rows][KV_HEADS][RECORD]

var<workgroup> split_peaks: array<f32, WORKGROUP>;
var<workgroup> split_totals: array<f32, WORKGROUP>;
var<workgroup> split_sums: array<vec4f, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let thread = local.x;
  let quad = thread % QUADS;
  let split = thread / QUADS;
  let kv_head = workgroup.y;
  let at = metadata[step.attentionAt + TABLE] + workgroup.x * 4u;
  let row = metadata[at];
  let first = (metadata[at + 1u] * KV_HEADS + kv_head) * RECORD;
  let stride = metadata[at + 2u] * KV_HEADS * RECORD;
  let end = metadata[at + 3u];

  var peak = LOWEST;
  for (var s = thread; s < end; s += WORKGROUP) {
    peak = max(peak, partials[first + s * stride].x);
  }
  split_peaks[thread] = peak;
  workgroupBarrier();
  for (var i = 0u; i < WORKGROUP; i++) {
    peak = max(peak, split_peaks[i]);
  }

  // A partial without a live key has total 0, whatever its weight.
  var total = 0.0;
  var sums = vec4f();
  for (var s = split; s < end; s += SPLITS) {
    let start = first + s * stride;
    let head = partials[start];
    let weight = exp(head.x - peak);
    total += weight * head.y;
    sums += weight * partials[start + 1u + quad];
  }
  split_totals[thread] = total;
  split_sums[thread] = sums;
  workgroupBarrier();
  if (split == 0u) {
    for (var i = thread + QUADS; i < WORKGROUP; i += QUADS) {
      total += split_totals[i];
      sums += split_sums[i];
    }
    output[row_start(row, kv_head) + quad] = sums * normaliser(row, kv_head, peak, total);
  }
}
