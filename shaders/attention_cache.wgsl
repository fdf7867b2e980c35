// How attention_tile.wgsl comes by the keys and values of a sequence: it finds them in the cache by the block table,
// and either stages a tile of them in workgroup memory (STAGE_KV) or reads them where they stand. Prepended to it.
//
// Constants: BLOCK_SIZE, TILE_KEYS, ENTRY_TILES, STAGE_KV; and those that attention_tile.wgsl derives.

const TILE_QUADS = u32(TILE_KEYS) * QUADS;
const STAGED = select(1u, (TILE_QUADS + WORKGROUP - 1u) / WORKGROUP, STAGE_KV == 1); // of these, by each thread
const ENTRY_KEYS = u32(TILE_KEYS * ENTRY_TILES);
const THREAD_ENTRIES = (ENTRY_KEYS + WORKGROUP - 1u) / WORKGROUP;
const STRIDE = QUADS + 1u; // one more, so that the rows of a tile start in different banks

@group(1) @binding(4) var<storage, read> keys: array<KvQuad>; // [blocks][BLOCK_SIZE][KV_HEADS][QUADS]
@group(1) @binding(5) var<storage, read> values: array<KvQuad>;

var<workgroup> kv_tile: array<array<vec4f, STRIDE>, select(1, TILE_KEYS, STAGE_KV == 1)>; // keys as in `place_of`, then values
var<workgroup> entries: array<u32, ENTRY_KEYS>; // where the keys of the next tiles stand: slot * KV_HEADS + kv_head

fn entry_of(item: Item, key: u32, kv_head: u32) -> u32 {
  let block = metadata[item.table + key / BLOCK_SIZE];
  return (block * BLOCK_SIZE + key % BLOCK_SIZE) * KV_HEADS + kv_head;
}

// Finds the keys from `first` on, of ENTRY_TILES tiles. What stands beside the item's own may be another sequence's, or
// nobody's: the nearest of its keys stands in, which has no weight there.
fn find_entries(item: Item, first: u32, kv_head: u32, thread: u32) {
  for (var n = 0u; n < THREAD_ENTRIES; n++) {
    let key = thread + n * WORKGROUP;
    let entry = entry_of(item, clamp(first + key, item.first_key, item.end_key - 1u), kv_head);
    if (key < ENTRY_KEYS) {
      entries[key] = entry;
    }
  }
}

// Where a key of the tile is staged: fours side by side are read at once, and are to start in different banks.
fn place_of(key: u32) -> u32 {
  return key % 4u * FOURS + key / 4u;
}

alias Held = array<KvQuad, STAGED>;

// The `n`-th quad of the tile that a thread stages.
fn staged_quad(thread: u32, n: u32) -> u32 {
  return min(thread + n * WORKGROUP, TILE_QUADS - 1u);
}

// Loads on their way to the tile are held in registers while the thread works on what was there before.
fn load_keys(held: ptr<function, Held>, tile: u32, thread: u32) {
  for (var n = 0u; n < STAGED; n++) {
    let i = staged_quad(thread, n);
    (*held)[n] = keys[entries[tile + i / QUADS] * QUADS + i % QUADS];
  }
}

fn load_values(held: ptr<function, Held>, tile: u32, thread: u32) {
  for (var n = 0u; n < STAGED; n++) {
    let i = staged_quad(thread, n);
    (*held)[n] = values[entries[tile + i / QUADS] * QUADS + i % QUADS];
  }
}

// Leaves what is held in the tile: keys `turned`, as `place_of` says, values in their order.
fn store_held(held: ptr<function, Held>, turned: bool, thread: u32) {
  for (var n = 0u; n < STAGED; n++) {
    let i = thread + n * WORKGROUP;
    if (TILE_QUADS % WORKGROUP == 0u || i < TILE_QUADS) {
      let key = i / QUADS;
      kv_tile[select(key, place_of(key), turned)][i % QUADS] = unpack((*held)[n]);
    }
  }
}

// Where the keys and values of a four stand in the cache.
fn cache_starts_of(tile: u32, four: u32) -> vec4u {
  let at = tile + 4u * four;
  return vec4u(entries[at], entries[at + 1u], entries[at + 2u], entries[at + 3u]) * QUADS;
}

// Where the keys of a four start: in the tile, or in the cache.
fn key_starts_of(tile: u32, four: u32) -> vec4u {
  if (STAGE_KV == 1) {
    return four + vec4u(0u, 1u, 2u, 3u) * FOURS;
  }
  return cache_starts_of(tile, four);
}

// The same of its values.
fn value_starts_of(tile: u32, four: u32) -> vec4u {
  if (STAGE_KV == 1) {
    return 4u * four + vec4u(0u, 1u, 2u, 3u);
  }
  return cache_starts_of(tile, four);
}

fn staged_quads_of(starts: vec4u, quad: u32) -> mat4x4f {
  return mat4x4f(
    kv_tile[starts.x][quad],
    kv_tile[starts.y][quad],
    kv_tile[starts.z][quad],
    kv_tile[starts.w][quad],
  );
}

// A quad of each key of a four.
fn key_quads_of(starts: vec4u, quad: u32) -> mat4x4f {
  if (STAGE_KV == 1) {
    return staged_quads_of(starts, quad);
  }
  let at = starts + quad;
  return mat4x4f(unpack(keys[at.x]), unpack(keys[at.y]), unpack(keys[at.z]), unpack(keys[at.w]));
}

// The same of its values.
fn value_quads_of(starts: vec4u, quad: u32) -> mat4x4f {
  if (STAGE_KV == 1) {
    return staged_quads_of(starts, quad);
  }
  let at = starts + quad;
  return mat4x4f(unpack(values[at.x]), unpack(values[at.y]), unpack(values[at.z]), unpack(values[at.w]));
}

// The factors of the products with the keys of a four, and with their values.
fn four_scales(tile: u32, four: u32) -> mat2x4f {
  let at = tile + 4u * four;
  return transpose(mat4x2f(
    scales_of(entries[at]),
    scales_of(entries[at + 1u]),
    scales_of(entries[at + 2u]),
    scales_of(entries[at + 3u]),
  ));
}
