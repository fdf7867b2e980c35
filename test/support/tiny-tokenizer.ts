/** Ids of `tinyTokenizer`: the 256 bytes, two special tokens, two merges, and room up to a multiple of 4. */
export const TINY_VOCAB_SIZE = 264;
export const BEGIN_ID = 256;
export const END_ID = 257;

const TEMPLATE =
  "{% for message in messages %}<|begin|>{{ message.role }}: {{ message.content }}<|end|>{% endfor %}" +
  "{% if add_generation_prompt %}<|begin|>assistant: {% endif %}";

/** The smallest `tokenizer.json` that can take any text: byte-level BPE, a byte's id being its value. */
export function tinyTokenizer() {
  const bytes = Array.from({ length: 256 }, (_, byte) => [letterOf(byte), byte] as const);
  return {
    version: "1.0",
    added_tokens: [special(BEGIN_ID, "<|begin|>"), special(END_ID, "<|end|>")],
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: "BPE",
      unk_token: null,
      vocab: Object.fromEntries([...bytes, ["th", 258], ["the", 259]]),
      merges: ["t h", "th e"],
    },
  };
}

export function tinyTokenizerConfig() {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    add_bos_token: true,
    bos_token: "<|begin|>",
    eos_token: "<|end|>",
    chat_template: TEMPLATE,
  };
}

function special(id: number, content: string) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

/** GPT-2's letter for a byte: itself where it prints, else the next unused one from U+0100 on. */
function letterOf(byte: number): string {
  const prints = (b: number) => (b > 32 && b < 127) || (b > 160 && b !== 173);
  if (prints(byte)) return String.fromCharCode(byte);
  const before = Array.from({ length: byte }, (_, b) => b).filter((b) => !prints(b)).length;
  return String.fromCharCode(256 + before);
}
