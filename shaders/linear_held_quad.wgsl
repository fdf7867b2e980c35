// How invocations that need the same inputs come by them, in subgroups of four: each holds one quad and passes it on
// to the others. Whoever loads a quad alone takes as long as four that load different ones, and such a driver has no
// cheaper way to pass a value on. Constants: HELD = 4.

alias Held = array<vec4f, HELD>; // what all four hold

fn place_in_held() -> u32 {
  return subgroupExclusiveAdd(1u);
}

fn shared_quads(held: vec4f) -> Held {
  return array(quadBroadcast(held, 0u), quadBroadcast(held, 1u), quadBroadcast(held, 2u), quadBroadcast(held, 3u));
}

fn held_quad(held: Held, holder: u32) -> vec4f {
  return held[holder];
}

// The sum of what the holders have, in their order.
fn held_sum(mine: f32) -> f32 {
  return quadBroadcast(mine, 0u) + quadBroadcast(mine, 1u) + quadBroadcast(mine, 2u) + quadBroadcast(mine, 3u);
}
