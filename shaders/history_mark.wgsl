// Notes tokens in the history of slots, for penalties: one invocation per mark.
//
// A history word is (stamp << 16) | IN_PROMPT | times generated; a word with another stamp belongs to an earlier
// sequence of the slot and counts as empty, so nothing has to be cleared. Constants: VOCAB, WORKGROUP.

const IN_PROMPT = 0x8000u;

@group(1) @binding(0) var<storage, read_write> history: array<atomic<u32>>; // [slots][VOCAB]

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) global: vec3u) {
  if (global.x >= step.markCount) {
    return;
  }
  let target_slot = metadata[step.marksAt + 2u * global.x]; // (stamp << 16) | IN_PROMPT or 0 | slot
  let token = metadata[step.marksAt + 2u * global.x + 1u];
  let stamp = target_slot & 0xffff0000u;
  let in_prompt = target_slot & IN_PROMPT;
  let at = (target_slot & (IN_PROMPT - 1u)) * VOCAB + token;
  var entry = atomicLoad(&history[at]);
  loop {
    var next = select(stamp, entry, (entry & 0xffff0000u) == stamp) | in_prompt;
    next += select(1u, 0u, in_prompt != 0u);
    let swap = atomicCompareExchangeWeak(&history[at], entry, next);
    if (swap.exchanged) {
      break;
    }
    entry = swap.old_value;
  }
}
