// What linear_held_subgroup.wgsl does, where there are no subgroups: everyone loads every quad. Constants: HELD = 1.

fn place_in_subgroup() -> u32 {
  return 0u;
}

fn passed_on(held: vec4f, _holder: u32) -> vec4f {
  return held;
}

fn held_sum(mine: f32) -> f32 {
  return mine;
}

// For the compiler only: no more than one quad is held.
fn spread(held: vec4f) -> mat4x4f {
  return mat4x4f(held, held, held, held);
}
