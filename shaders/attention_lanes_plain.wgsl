// What the threads of attention_tile.wgsl have to do with each other, through workgroup memory.
// Constants: COLUMNS, LANES (a power of two).

var<workgroup> lane_values: array<f32, WORKGROUP>;

// The thread's place among those that take other rows.
fn row_group_of(thread: u32) -> u32 {
  return thread / COLUMNS;
}

// The largest value of the LANES threads that share a row's softmax.
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

// The sum over the same threads.
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
