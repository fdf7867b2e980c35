// Largest value and sum over the LANES threads that share a row, through workgroup memory.
// Constants: LANES (a power of two).

var<workgroup> lane_values: array<f32, WORKGROUP>;

fn lane_max(mine: f32, thread: u32) -> f32 {
  var result = mine;
  for (var distance = u32(LANES) / 2u; distance > 0u; distance >>= 1u) {
    workgroupBarrier();
    lane_values[thread] = result;
    workgroupBarrier();
    result = max(result, lane_values[thread ^ distance]);
  }
  return result;
}

fn lane_sum(mine: f32, thread: u32) -> f32 {
  var result = mine;
  for (var distance = u32(LANES) / 2u; distance > 0u; distance >>= 1u) {
    workgroupBarrier();
    lane_values[thread] = result;
    workgroupBarrier();
    result += lane_values[thread ^ distance];
  }
  return result;
}
