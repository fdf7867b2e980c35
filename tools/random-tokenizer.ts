/**
 * A `tokenizer.json` of so many tokens: byte-level BPE that takes any text, whose merges join tokens in no
 * sensible order.
 */
export function randomTokenizer(vocabSize: number) {
  const tokens = byteLetters();
  const known = new Set(tokens);
  const merges: string[] = [];
  // Each token is joined with those before it, in turn; a real vocabulary's tokens are as short.
  for (let left = 0; tokens.length < vocabSize; left++) {
    for (let right = 0; right <= left && tokens.length < vocabSize; right++) {
      const joined = tokens[left]! + tokens[right]!;
      if (known.has(joined)) continue;
      known.add(joined);
      tokens.push(joined);
      merges.push(`${tokens[left]} ${tokens[right]}`);
    }
  }
  return {
    version: "1.0",
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      unk_token: null,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
    },
  };
}

/** GPT-2's letter for each byte: itself where it prints, else the next from U+0100 on. */
export function byteLetters(): string[] {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
    return String.fromCharCode(prints ? byte : next++);
  });
}
