// Copies 16 bytes per invocation and turn: what a device moves at best, bytes read and bytes written.
//
// Constants: QUADS (a multiple of the invocations launched).

@group(0) @binding(0) var<storage, read> source: array<vec4f>; // [QUADS]
@group(0) @binding(1) var<storage, read_write> destination: array<vec4f>; // [QUADS]

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) global: vec3u, @builtin(num_workgroups) workgroups: vec3u) {
  let stride = workgroups.x * 256u;
  for (var quad = global.x; quad < QUADS; quad += stride) {
    destination[quad] = source[quad];
  }
}
