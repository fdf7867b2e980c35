// How a token's score follows from its logit. Prepended to the sampling kernels. Constants: VOCAB.
//
// A token is drawn by the Gumbel-max trick: the largest of logit / temperature + noise is distributed as the
// softmax. The noise of a token is a hash of (seed, position, token), so a choice depends on nothing else: not
// on the batch, not on the order of work, not on the device.

struct Sample {
  row: u32, // input row of the token to find a successor for
  slot: u32, // of the sequence, with its stamp in the high half
  position: u32, // of the token to be sampled
  seed: u32,
  temperature: f32, // 0: the likeliest token
  top_k: u32, // 0: off
  top_p: f32, // 1: off
  min_p: f32, // 0: off
  repetition: f32, // 1: off
  presence: f32, // 0: off
  frequency: f32, // 0: off
  penalised: u32, // whether any of the last three is on
}

const IN_PROMPT = 0x8000u;
const LOWEST = -3.0e38;

fn load_sample(index: u32) -> Sample {
  let at = step.samplesAt + index * SAMPLE_WORDS;
  return Sample(
    metadata[at],
    metadata[at + 1u],
    metadata[at + 2u],
    metadata[at + 3u],
    bitcast<f32>(metadata[at + 4u]),
    metadata[at + 5u],
    bitcast<f32>(metadata[at + 6u]),
    bitcast<f32>(metadata[at + 7u]),
    bitcast<f32>(metadata[at + 8u]),
    bitcast<f32>(metadata[at + 9u]),
    bitcast<f32>(metadata[at + 10u]),
    metadata[at + 11u],
  );
}

// `entry` is the token's word in the slot's history: stamp, IN_PROMPT, times generated.
fn penalise(logit: f32, entry: u32, sample: Sample) -> f32 {
  if ((entry ^ sample.slot) >> 16u != 0u) {
    return logit; // written for a sequence that had the slot before
  }
  let count = entry & (IN_PROMPT - 1u);
  var result = select(logit * sample.repetition, logit / sample.repetition, logit > 0.0);
  if (count > 0u) {
    result -= sample.presence + sample.frequency * f32(count);
  }
  return result;
}

fn tempered(logit: f32, sample: Sample) -> f32 {
  return select(logit / sample.temperature, logit, sample.temperature == 0.0);
}

fn mix(a: u32) -> u32 {
  var h = a;
  h ^= h >> 16u;
  h *= 0x7feb352du;
  h ^= h >> 15u;
  h *= 0x846ca68bu;
  return h ^ (h >> 16u);
}

// -log of an exponential variate: standard Gumbel noise. Near 0 the logarithm's own error would show, so a
// series stands in for -log(1 - v) there.
fn gumbel(sample: Sample, token: u32) -> f32 {
  let hash = mix(mix(mix(sample.seed) ^ sample.position) ^ token);
  let v = (f32(hash >> 9u) + 0.5) * 0x1p-23;
  let small = v * (1.0 + v * (0.5 + v * (0.33333334 + v * 0.25)));
  return -log(select(-log(1.0 - v), small, v < 0.02));
}

fn noisy(score: f32, token: u32, sample: Sample) -> f32 {
  if (sample.temperature == 0.0) {
    return score;
  }
  return score + gumbel(sample, token);
}

// What one chunk of a row's logits comes to.
struct Partial {
  best: f32, // largest noisy score
  token: u32, // which token has it
  peak: f32, // largest tempered score
  raw_peak: f32, // largest logit
  raw_total: f32, // sum of exp(logit - raw_peak)
}

// Of equal scores the lower token wins, whatever the order of merging.
fn merge(a: Partial, b: Partial) -> Partial {
  let raw_peak = max(a.raw_peak, b.raw_peak);
  let raw_total = a.raw_total * exp(a.raw_peak - raw_peak) + b.raw_total * exp(b.raw_peak - raw_peak);
  let peak = max(a.peak, b.peak);
  if (b.best > a.best || (b.best == a.best && b.token < a.token)) {
    return Partial(b.best, b.token, peak, raw_peak, raw_total);
  }
  return Partial(a.best, a.token, peak, raw_peak, raw_total);
}
