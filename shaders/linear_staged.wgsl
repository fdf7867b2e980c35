// Matrix product for a few input rows on a graphics card: four rows in a workgroup, every input read once by it.
// With more than one row it is the inputs that groups would otherwise fetch again and again.
//
// A workgroup is four groups of LANES invocations. Each group makes GROUP_OUTPUTS outputs for the same four rows,
// walking over slabs of LANES chunks, and stages one of the rows for all. Grid: blocks of four rows, outputs; so
// the workgroups that read the same weights run side by side.
// Constants: those of linear.wgsl, GROUP_OUTPUTS.

const GROUPS = 4u;
const PRODUCTS = GROUP_OUTPUTS * 4u;
const SQUARE_STRIDE = LANES + 1u;

// What a loop counts is an index of its own: where the loop is unrolled its bounds check is gone with it.
var<workgroup> slab: array<array<array<vec4f, LANES>, CHUNK_QUADS>, 4>; // of each row
var<workgroup> lane_sums: array<vec4f, GROUPS * GROUP_OUTPUTS * LANES>; // of four rows; see sum_at
var<workgroup> totals: array<f32, GROUPS * PRODUCTS>; // [GROUPS][GROUP_OUTPUTS][row]
var<workgroup> squares: array<f32, 4u * SQUARE_STRIDE>; // [row], with NORM, of the inputs before their gains

@compute @workgroup_size(GROUPS * LANES)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let group = local.x / LANES;
  let lane = local.x % LANES;
  let first_output = (workgroup.y * GROUPS + group) * GROUP_OUTPUTS;
  let first_row = workgroup.x * 4u;
  let last_row = row_count() - 1u;

  // Rows and outputs past the end read the last one and are not stored.
  let staged_row = input_row(min(first_row + group, last_row)) * QUADS;
  var weight_starts: array<u32, GROUP_OUTPUTS>;
  for (var o = 0u; o < GROUP_OUTPUTS; o++) {
    weight_starts[o] = weight_row(min(first_output + o, OUTPUTS - 1u)) * CHUNKS;
  }

  var square_sum = 0.0;
  // Compilers keep arrays in registers only where they unroll all loops that index them: loops are kept short.
  var sums: array<vec4f, GROUP_OUTPUTS>;
  for (var first = 0u; first < CHUNKS; first += LANES) {
    let chunk = min(first + lane, CHUNKS - 1u);
    var low: array<vec4f, GROUP_OUTPUTS>; // the chunk's quads
    var high: array<vec4f, GROUP_OUTPUTS>; // with CHUNK_QUADS == 2
    for (var o = 0u; o < GROUP_OUTPUTS; o++) {
      if (CHUNK_QUADS == 2) {
        let octet = weights8(weight_starts[o] + chunk);
        low[o] = octet[0];
        high[o] = octet[1];
      } else {
        low[o] = weights4(weight_starts[o] + chunk);
      }
    }
    for (var q = 0u; q < CHUNK_QUADS; q++) {
      let quad = chunk * CHUNK_QUADS + q;
      // Past the end zeros are added.
      var value = select(vec4f(), input[staged_row + quad], first + lane < CHUNKS);
      if (NORM == 1) {
        square_sum += dot(value, value);
        value *= gains[quad];
      }
      slab[group][q][lane] = value;
    }
    workgroupBarrier();
    add_products(&sums, &low, 0u, lane);
    if (CHUNK_QUADS == 2) {
      add_products(&sums, &high, 1u, lane);
    }
    workgroupBarrier();
  }

  for (var o = 0u; o < GROUP_OUTPUTS; o++) {
    lane_sums[sum_at(group, o, lane)] = sums[o];
  }
  squares[group * SQUARE_STRIDE + lane] = square_sum;
  workgroupBarrier();
  add_lanes(local.x, group, lane);
  workgroupBarrier();
  for (var product = lane; product < PRODUCTS; product += LANES) {
    let row = first_row + product % 4u;
    let virtual_output = first_output + product / 4u;
    if (row > last_row || virtual_output >= OUTPUTS) {
      continue;
    }
    let row_squares = squares[product % 4u * SQUARE_STRIDE];
    let at = group * PRODUCTS + product;
    // The last product has none beside it, and as an up needs none.
    store_product(row, virtual_output, totals[at], totals[min(at + 4u, GROUPS * PRODUCTS - 1u)], row_squares);
  }
}

// Adds what quad q of the lane's chunk comes to.
fn add_products(
  sums: ptr<function, array<vec4f, GROUP_OUTPUTS>>, quads: ptr<function, array<vec4f, GROUP_OUTPUTS>>, q: u32, lane: u32,
) {
  let a = slab[0][q][lane];
  let b = slab[1][q][lane];
  let c = slab[2][q][lane];
  let d = slab[3][q][lane];
  for (var o = 0u; o < GROUP_OUTPUTS; o++) {
    let w = (*quads)[o];
    let sum = (*sums)[o];
    (*sums)[o] = vec4f(with_dot(sum.x, a, w), with_dot(sum.y, b, w), with_dot(sum.z, c, w), with_dot(sum.w, d, w));
  }
}

// Where a lane's sum stands; turned, so that one lane's sums lie in different banks.
fn sum_at(group: u32, o: u32, lane: u32) -> u32 {
  return (group * GROUP_OUTPUTS + o) * LANES + (lane ^ (o % LANES));
}

// Adds up the lanes in their order: each product by one invocation of its group, each row's squares by one of all.
fn add_lanes(thread: u32, group: u32, lane: u32) {
  for (var product = lane; product < PRODUCTS; product += LANES) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += lane_sums[sum_at(group, product / 4u, l)][product % 4u];
    }
    totals[group * PRODUCTS + product] = total;
  }
  if (NORM == 1 && thread < 4u) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += squares[thread * SQUARE_STRIDE + l];
    }
    squares[thread * SQUARE_STRIDE] = total;
  }
}
