// Largest value and sum over the LANES threads that share a row, which lie within one subgroup.
// Constants: LANES (a power of two).

fn lane_max(mine: f32, _thread: u32) -> f32 {
  var result = mine;
  for (var distance = u32(LANES) / 2u; distance > 0u; distance >>= 1u) {
    result = max(result, subgroupShuffleXor(result, distance));
  }
  return result;
}

fn lane_sum(mine: f32, _thread: u32) -> f32 {
  var result = mine;
  for (var distance = u32(LANES) / 2u; distance > 0u; distance >>= 1u) {
    result += subgroupShuffleXor(result, distance);
  }
  return result;
}
