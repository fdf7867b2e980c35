// What the linear kernels share: which rows they read, in which order they add, and what happens to a finished
// product.
//
// Constants: INPUTS, OUTPUTS (virtual outputs of this part), PAIR_OFFSET, BIAS_PAIR_OFFSET,
// FIRST_OUTPUT, OUTPUT_STRIDE, EPSILON, LANES, CHUNK_QUADS (1 or 2), and the switches NORM, BIAS, SWIGLU,
// ACCUMULATE, SAMPLED_ROWS (0 or 1).
//
// On a graphics card an input row is cut into chunks of CHUNK_QUADS quads, which are dealt out to LANES lanes in
// turn. A product is the sum of its lanes' sums, in their order, and a lane's sum is that of its quads, in theirs.
// Every form for graphics cards adds in this order, and LANES follows from the matrix alone; the form for software
// adapters (linear_rows.wgsl) adds quad after quad. So a row comes to the same bits whatever the number of rows
// beside it.
//
// With NORM the input is RMS-normalised on the way in: the gains multiply it as it is read, and the factor
// 1 / rms, the same for a whole row, multiplies the product at the end. So the sum of squares is gathered in
// the loop that needs the values anyway.
//
// With SWIGLU virtual outputs 2i and 2i + 1 are gate i and up i, PAIR_OFFSET rows apart in the matrix, and
// output i is silu(gate) * up.

const QUADS = INPUTS / 4u;
const CHUNKS = QUADS / CHUNK_QUADS;

@group(1) @binding(1) var<storage, read> input: array<vec4f>; // [rows][INPUTS / 4]
@group(1) @binding(2) var<storage, read> gains: array<vec4f>; // [INPUTS / 4], with NORM
@group(1) @binding(3) var<storage, read> bias: array<f32>; // of the whole matrix, with BIAS
@group(1) @binding(4) var<storage, read_write> output: array<f32>; // [rows][OUTPUT_STRIDE]

fn row_count() -> u32 {
  if (SAMPLED_ROWS == 1) {
    return step.sampleCount;
  }
  return step.tokenCount;
}

// The input row behind an output row: the same, unless only the rows to sample from are wanted.
fn input_row(row: u32) -> u32 {
  if (SAMPLED_ROWS == 1) {
    return metadata[step.samplesAt + row * SAMPLE_WORDS];
  }
  return row;
}

fn weight_row(virtual_output: u32) -> u32 {
  if (SWIGLU == 1) {
    return (virtual_output >> 1u) + (virtual_output & 1u) * PAIR_OFFSET;
  }
  return virtual_output;
}

fn bias_index(virtual_output: u32) -> u32 {
  if (SWIGLU == 1) {
    return FIRST_OUTPUT + (virtual_output >> 1u) + (virtual_output & 1u) * BIAS_PAIR_OFFSET;
  }
  return FIRST_OUTPUT + virtual_output;
}

// Adds the product of four inputs and four weights, one by one: on a graphics card an addition for each is free.
fn with_dot(sum: f32, value: vec4f, weight: vec4f) -> f32 {
  return fma(value.w, weight.w, fma(value.z, weight.z, fma(value.y, weight.y, fma(value.x, weight.x, sum))));
}

fn finish(sum: f32, square_sum: f32, virtual_output: u32) -> f32 {
  var value = sum;
  if (NORM == 1) {
    value *= inverseSqrt(square_sum / f32(INPUTS) + EPSILON);
  }
  if (BIAS == 1) {
    value += bias[bias_index(virtual_output)];
  }
  return value;
}

fn silu(x: f32) -> f32 {
  return x / (1.0 + exp(-x));
}

fn store(row: u32, index: u32, value: f32) {
  let at = row * OUTPUT_STRIDE + FIRST_OUTPUT + index;
  if (ACCUMULATE == 1) {
    output[at] += value;
  } else {
    output[at] = value;
  }
}

// Finishes a product of a row and stores it; with SWIGLU a gate goes with the up beside it, whose product is `next`.
fn store_product(row: u32, virtual_output: u32, product: f32, next: f32, square_sum: f32) {
  let value = finish(product, square_sum, virtual_output);
  if (SWIGLU == 0) {
    store(row, virtual_output, value);
  } else if ((virtual_output & 1u) == 0u) {
    let up = finish(next, square_sum, virtual_output + 1u);
    store(row, virtual_output >> 1u, silu(value) * up);
  }
}
