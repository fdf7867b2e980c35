// Sums over the lanes of a group, through workgroup memory, in the order of the lanes.
// Constants: WORKGROUP, LANES, SUMS.

const LANE_STRIDE = LANES + 1u; // off by one, so that a column of partial sums falls into different banks
var<workgroup> partials: array<f32, (WORKGROUP / LANES) * SUMS * LANE_STRIDE>;

// Leaves in every lane's `values` the sums over all lanes of its group.
fn lane_sums(values: ptr<function, array<f32, SUMS>>, group: u32, lane: u32) {
  let start = group * SUMS * LANE_STRIDE;
  for (var s = 0u; s < SUMS; s++) {
    partials[start + s * LANE_STRIDE + lane] = (*values)[s];
  }
  workgroupBarrier();
  for (var s = lane; s < SUMS; s += LANES) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += partials[start + s * LANE_STRIDE + l];
    }
    partials[start + s * LANE_STRIDE] = total;
  }
  workgroupBarrier();
  for (var s = 0u; s < SUMS; s++) {
    (*values)[s] = partials[start + s * LANE_STRIDE];
  }
}
