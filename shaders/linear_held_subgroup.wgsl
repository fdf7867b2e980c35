// What linear_held_quad.wgsl does, where subgroups have more than four: they hold HELD quads, at most their size.

alias Held = vec4f;

fn place_in_held() -> u32 {
  return subgroupExclusiveAdd(1u);
}

fn shared_quads(held: vec4f) -> Held {
  return held;
}

fn held_quad(held: Held, holder: u32) -> vec4f {
  return subgroupShuffle(held, holder);
}

fn held_sum(mine: f32) -> f32 {
  var total = 0.0;
  for (var holder = 0u; holder < HELD; holder++) {
    total += subgroupShuffle(mine, holder);
  }
  return total;
}
