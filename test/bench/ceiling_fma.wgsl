// Fused multiply-adds on registers alone, in CHAINS independent chains so that none waits for another: what a
// device's arithmetic reaches at best without matrix units.
//
// Constants: ROUNDS, and the type Quad (a vector of four).

const CHAINS = 8u;

@group(0) @binding(0) var<storage, read_write> sums: array<vec4f>; // [invocations]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) global: vec3u) {
  var chain: array<Quad, CHAINS>;
  for (var c = 0u; c < CHAINS; c++) {
    chain[c] = Quad(vec4f(f32(c + global.x % 7u)) * 0.01);
  }
  let factor = Quad(vec4f(0.999));
  let addend = Quad(vec4f(0.001));
  for (var round = 0u; round < ROUNDS; round++) {
    for (var c = 0u; c < CHAINS; c++) {
      chain[c] = fma(chain[c], factor, addend);
    }
  }
  var total = vec4f();
  for (var c = 0u; c < CHAINS; c++) {
    total += vec4f(chain[c]);
  }
  sums[global.x] = total;
}
