// Sums over the lanes of a group that lies within one subgroup, in the order of the lanes.
// Constants: LANES (a power of two), SUMS.

// Leaves in every lane's `values` the sums over all lanes of its group.
fn lane_sums(values: ptr<function, array<f32, SUMS>>, group: u32, lane: u32) {
  let first = subgroupExclusiveAdd(1u) - lane; // the place in the subgroup, less the place in the group
  for (var s = 0u; s < SUMS; s++) {
    var total = 0.0;
    for (var l = 0u; l < LANES; l++) {
      total += subgroupShuffle((*values)[s], first + l);
    }
    (*values)[s] = total;
  }
}
