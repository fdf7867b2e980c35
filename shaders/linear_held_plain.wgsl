// What linear_held_quad.wgsl does, where there are no subgroups: everyone loads every quad. Constants: HELD = 1.

alias Held = vec4f;

fn place_in_held() -> u32 {
  return 0u;
}

fn shared_quads(held: vec4f) -> Held {
  return held;
}

fn held_quad(held: Held, _holder: u32) -> vec4f {
  return held;
}

fn held_sum(mine: f32) -> f32 {
  return mine;
}
