// How invocations that need the same inputs come by them: each of a subgroup holds one quad of HELD, which is at
// most the size of any subgroup, and passes it on to the others. Whoever loads a quad alone takes as long as a
// whole subgroup that loads different ones. Constants: HELD.

fn place_in_subgroup() -> u32 {
  return subgroupExclusiveAdd(1u);
}

fn passed_on(held: vec4f, holder: u32) -> vec4f {
  return subgroupShuffle(held, holder);
}

// The sum of what the holders have, in their order.
fn held_sum(mine: f32) -> f32 {
  var total = 0.0;
  for (var holder = 0u; holder < HELD; holder++) {
    total += subgroupShuffle(mine, holder);
  }
  return total;
}

// What the first four places hold.
fn spread(held: vec4f) -> mat4x4f {
  return mat4x4f(
    subgroupBroadcast(held, 0u),
    subgroupBroadcast(held, 1u),
    subgroupBroadcast(held, 2u),
    subgroupBroadcast(held, 3u),
  );
}
