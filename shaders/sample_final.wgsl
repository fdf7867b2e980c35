// Second half of sampling: one workgroup merges the chunks of one row, applies top-k, top-p and min-p where the
// row asks for them, and leaves the token where the host and the next step find it.
//
// A truncation is a threshold on the score: the largest one that still keeps k tokens, or probability p. Scores
// are compared as ordered integers, so 32 halvings find it exactly, without sorting.
// Constants: VOCAB, CHUNKS, WORKGROUP.

@group(1) @binding(0) var<storage, read> logits: array<f32>; // [samples][VOCAB]
@group(1) @binding(1) var<storage, read_write> history: array<u32>; // [slots][VOCAB]
@group(1) @binding(2) var<storage, read> partials: array<Partial>; // [samples][CHUNKS]
@group(1) @binding(3) var<storage, read_write> last_sampled: array<u32>; // [slots]
@group(1) @binding(4) var<storage, read_write> results: array<vec2u>; // [samples] token, bits of its log-probability

var<workgroup> shared_partials: array<Partial, WORKGROUP>;
var<workgroup> shared_sums: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let row = workgroup.x;
  let thread = local.x;
  let sample = load_sample(row);
  var whole = merge_chunks(row, thread);
  let truncated = sample.temperature > 0.0 && (sample.top_k > 0u || sample.top_p < 1.0 || sample.min_p > 0.0);
  if (truncated) {
    let lowest = threshold(row, thread, sample, whole.peak);
    let choice = best_above(row, thread, sample, lowest);
    whole.best = choice.best;
    whole.token = choice.token;
  }
  if (thread == 0u) {
    let slot = sample.slot & 0xffffu;
    let logprob = logits[row * VOCAB + whole.token] - whole.raw_peak - log(whole.raw_total);
    results[row] = vec2u(whole.token, bitcast<u32>(logprob));
    last_sampled[slot] = whole.token;
    if (sample.penalised != 0u) {
      remember(slot * VOCAB + whole.token, sample.slot);
    }
  }
}

fn merge_chunks(row: u32, thread: u32) -> Partial {
  var mine = Partial(LOWEST, 0u, LOWEST, LOWEST, 0.0);
  for (var chunk = thread; chunk < CHUNKS; chunk += WORKGROUP) {
    mine = merge(mine, partials[row * CHUNKS + chunk]);
  }
  return merge_all(mine, thread);
}

fn merge_all(mine: Partial, thread: u32) -> Partial {
  shared_partials[thread] = mine;
  for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) {
      shared_partials[thread] = merge(shared_partials[thread], shared_partials[thread + half]);
    }
  }
  workgroupBarrier();
  let whole = shared_partials[0];
  workgroupBarrier();
  return whole;
}

fn sum_all(mine: f32, thread: u32) -> f32 {
  shared_sums[thread] = mine;
  for (var half = WORKGROUP / 2u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (thread < half) {
      shared_sums[thread] += shared_sums[thread + half];
    }
  }
  workgroupBarrier();
  let total = shared_sums[0];
  workgroupBarrier();
  return total;
}

fn score_of(row: u32, token: u32, sample: Sample) -> f32 {
  var logit = logits[row * VOCAB + token];
  if (sample.penalised != 0u) {
    logit = penalise(logit, history[(sample.slot & 0xffffu) * VOCAB + token], sample);
  }
  return tempered(logit, sample);
}

// An integer that orders as the float does.
fn ordered(score: f32) -> u32 {
  let bits = bitcast<u32>(score);
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

// The lowest ordered score that survives all truncations of the row.
fn threshold(row: u32, thread: u32, sample: Sample, peak: f32) -> u32 {
  var lowest = 0u;
  if (sample.min_p > 0.0) {
    lowest = ordered(peak + log(sample.min_p));
  }
  if (sample.top_k > 0u && sample.top_k < VOCAB) {
    lowest = max(lowest, highest_keeping(row, thread, sample, peak, lowest, f32(sample.top_k), false));
  }
  if (sample.top_p < 1.0) {
    let total = kept(row, thread, sample, peak, lowest, true);
    lowest = max(lowest, highest_keeping(row, thread, sample, peak, lowest, sample.top_p * total, true));
  }
  return min(lowest, ordered(peak));
}

// The highest ordered score that still keeps `wanted` tokens, or with `mass` that much of their weight.
fn highest_keeping(
  row: u32, thread: u32, sample: Sample, peak: f32, floor: u32, wanted: f32, mass: bool,
) -> u32 {
  var low = floor;
  var high = ordered(peak);
  for (var i = 0u; i < 32u; i++) {
    let middle = low + (high - low + 1u) / 2u;
    if (kept(row, thread, sample, peak, middle, mass) >= wanted) {
      low = middle;
    } else {
      high = max(middle, 1u) - 1u;
    }
  }
  return low;
}

// How many tokens score at least `lowest`, or with `mass` their summed exp(score - peak).
fn kept(row: u32, thread: u32, sample: Sample, peak: f32, lowest: u32, mass: bool) -> f32 {
  var total = 0.0;
  for (var token = thread; token < VOCAB; token += WORKGROUP) {
    let score = score_of(row, token, sample);
    if (ordered(score) >= lowest) {
      total += select(1.0, exp(score - peak), mass);
    }
  }
  return sum_all(total, thread);
}

fn best_above(row: u32, thread: u32, sample: Sample, lowest: u32) -> Partial {
  var mine = Partial(LOWEST, 0xffffffffu, LOWEST, LOWEST, 0.0);
  for (var token = thread; token < VOCAB; token += WORKGROUP) {
    let score = score_of(row, token, sample);
    if (ordered(score) >= lowest) {
      mine = merge(mine, Partial(noisy(score, token, sample), token, score, LOWEST, 0.0));
    }
  }
  return merge_all(mine, thread);
}

fn remember(at: u32, slot: u32) {
  let entry = history[at];
  let stamp = slot & 0xffff0000u;
  history[at] = select(stamp | 1u, entry + 1u, (entry & 0xffff0000u) == stamp);
}
