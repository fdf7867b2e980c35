// Sums over the lanes of a group that lies within one subgroup. Constants: LANES (a power of two), SUMS.

// Leaves in every lane's `values` the sums over all lanes of its group.
fn lane_sums(values: ptr<function, array<f32, SUMS>>, group: u32, lane: u32) {
  for (var s = 0u; s < SUMS; s++) {
    for (var distance = LANES / 2u; distance > 0u; distance >>= 1u) {
      (*values)[s] += subgroupShuffleXor((*values)[s], distance);
    }
  }
}
