// What the threads of attention_tile.wgsl have to do with each other, by subgroups of up to SUBGROUP threads. The
// LANES threads that share a row's softmax lie within one. Constants: COLUMNS, LANES (a power of two), SUBGROUP.

// The thread's place among those that take other rows. Where it is the same in all of a subgroup the compiler
// learns so, and loads once what all of them need.
fn row_group_of(thread: u32) -> u32 {
  if (COLUMNS % SUBGROUP == 0) {
    return subgroupBroadcastFirst(thread / COLUMNS);
  }
  return thread / COLUMNS;
}

// The largest value of the LANES threads that share a row's softmax.
fn lane_max(mine: f32, _thread: u32) -> f32 {
  var result = mine;
  for (var distance = u32(LANES) / 2u; distance > 0u; distance >>= 1u) {
    result = max(result, subgroupShuffleXor(result, distance));
  }
  return result;
}

// The sum over the same threads.
fn lane_sum(mine: f32, _thread: u32) -> f32 {
  var result = mine;
  for (var distance = u32(LANES) / 2u; distance > 0u; distance >>= 1u) {
    result += subgroupShuffleXor(result, distance);
  }
  return result;
}
