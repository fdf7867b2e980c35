import { isObject, wrongField } from "./model-file.ts";

const FILE = "tokenizer_config.json";

/** The names that `tokenizer_config.json` and chat templates have for a model's special tokens. */
const NAMES = [
  "bos_token",
  "eos_token",
  "unk_token",
  "pad_token",
  "sep_token",
  "cls_token",
  "mask_token",
] as const;

export type SpecialName = (typeof NAMES)[number];

/** What Quire reads of a `tokenizer_config.json`. */
export interface TokenizerConfig {
  readonly named: ReadonlyMap<SpecialName, string>;
  /** Further tokens that are special, whatever `tokenizer.json` says of them. */
  readonly additional: readonly string[];
  readonly addBos: boolean;
  readonly removeSpace: boolean;
  readonly lowercaseAndRemoveAccent: boolean;
}

/** Reads and checks a `tokenizer_config.json`; `undefined` stands for a folder without one. */
export function parseTokenizerConfig(json: unknown = {}): TokenizerConfig {
  if (!isObject(json)) throw wrongField(FILE, "the file", "a JSON object", json);
  const flag = (field: string): boolean => {
    const value = json[field] ?? false;
    if (typeof value !== "boolean") throw wrongField(FILE, field, "true or false", value);
    return value;
  };
  const named = new Map<SpecialName, string>();
  for (const name of NAMES) {
    const content = contentOf(name, json[name] ?? undefined);
    if (content !== undefined) named.set(name, content);
  }
  const additional = json.additional_special_tokens ?? [];
  if (!Array.isArray(additional)) {
    throw wrongField(FILE, "additional_special_tokens", "a list of tokens", additional);
  }
  return {
    named,
    additional: additional.map((token, i) => contentOf(`additional_special_tokens[${i}]`, token) ?? ""),
    addBos: flag("add_bos_token"),
    removeSpace: flag("remove_space"),
    lowercaseAndRemoveAccent: flag("do_lowercase_and_remove_accent"),
  };
}

/** A token in either of its published forms: its text, or an object with it. */
function contentOf(field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const content = isObject(value) ? value.content : value;
  if (typeof content === "string") return content;
  throw wrongField(FILE, field, "a token's text, or an object with its content", value);
}
