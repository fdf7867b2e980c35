// What a workgroup of attention_tile.wgsl has to do, and what its rows make of a product with a key. Prepended to it.
//
// Constants: those of attention_output.wgsl, SCALE, WINDOW, SOFTCAP (0: none), BIAS (0 or 1), TABLE.

struct Item {
  row: u32,
  row_count: u32,
  first_key: u32,
  end_key: u32,
  first_partial: u32,
  bias_at: u32,
  table: u32, // the sequence's block table
  query_start: u32, // its first token
  query_len: u32,
  context_len: u32, // its keys of earlier steps
}

fn read_item(index: u32) -> Item {
  let at = metadata[step.attentionAt + TABLE] + index * 8u;
  let sequence = metadata[at];
  let query_start = metadata[step.queryStartsAt + sequence];
  let query_len = metadata[step.queryStartsAt + sequence + 1u] - query_start;
  return Item(
    metadata[at + 1u], metadata[at + 2u], metadata[at + 3u], metadata[at + 4u], metadata[at + 5u], metadata[at + 6u],
    step.blockTablesAt + sequence * step.blockTableStride,
    query_start, query_len, metadata[step.seqLensAt + sequence] - query_len,
  );
}

// The row of the tile, or the tile's last one where the item has fewer.
fn live_row(item: Item, tile_row: u32) -> u32 {
  return item.row + min(tile_row, item.row_count - 1u);
}

fn bias_of(item: Item, token: u32, key: u32) -> f32 {
  if (key < item.context_len || key > item.context_len + token) {
    return 0.0;
  }
  let bias = metadata[item.bias_at + token * item.query_len + key - item.context_len];
  return max(bitcast<f32>(bias), -1.0e29);
}

// Products of a row with four keys from `key` on as scores, LOWEST where the row does not see the key: scale,
// softcap, ALiBi, the bias between query tokens, the causal mask and the window.
fn scores_of(item: Item, products: vec4f, row: u32, key: u32, kv_head: u32) -> vec4f {
  let token = row / GROUP - item.query_start;
  let position = item.context_len + token;
  let four = key + vec4u(0u, 1u, 2u, 3u);
  var scores = products * SCALE;
  if (SOFTCAP != 0) {
    // tanh may overflow far out
    scores = SOFTCAP * tanh(clamp(scores / f32(SOFTCAP), vec4f(-20.0), vec4f(20.0)));
  }
  if (ALIBI == 1) {
    scores += head_traits[head_of(row, kv_head)].slope * (vec4f(four) - f32(item.context_len));
  }
  if (BIAS == 1 && item.bias_at != 0u) {
    scores += vec4f(
      bias_of(item, token, four.x),
      bias_of(item, token, four.y),
      bias_of(item, token, four.z),
      bias_of(item, token, four.w),
    );
  }
  var seen = (four >= vec4u(item.first_key)) & (four < vec4u(min(item.end_key, position + 1u)));
  if (WINDOW != 0) {
    seen &= four + WINDOW > vec4u(position);
  }
  return select(vec4f(LOWEST), scores, seen);
}
