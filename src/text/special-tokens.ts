import { isObject, type JsonObject, show, wrongField, wrongFile } from "./model-file.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";
import { isTokenId, TOKEN_ID, type TokenModel } from "./vocabulary.ts";

const FILE = "tokenizer.json";

/** A token that steers the model and that only a chat template or the tokenizer itself may write. */
export interface SpecialToken {
  readonly id: number;
  readonly content: string;
  /** It swallows the white space before it. */
  readonly lstrip: boolean;
  /** It swallows the white space after it. */
  readonly rstrip: boolean;
}

/** The added tokens of a `tokenizer.json`, apart by whether text may contain them. */
export interface AddedTokens {
  readonly special: ReadonlyMap<string, SpecialToken>;
  /** Entries of the file, as they were read. */
  readonly ordinary: readonly JsonObject[];
}

/** A token is special where either file says so. Raises a ModelError where an entry is malformed. */
export function parseAddedTokens(json: unknown, model: TokenModel, config: TokenizerConfig): AddedTokens {
  if (!Array.isArray(json)) throw wrongField(FILE, "added_tokens", "a list", json);
  const named = new Set([...config.named.values(), ...config.additional]);
  const special = new Map<string, SpecialToken>();
  const ordinary: JsonObject[] = [];
  const seen = new Map<number, string>();
  for (const [i, entry] of json.entries()) {
    const token = parseEntry(entry, i, model, seen);
    seen.set(token.id, token.content);
    if (entry.special === true || named.has(token.content)) special.set(token.content, token);
    else ordinary.push(entry);
  }
  // A token that only the configuration calls special is one of the vocabulary's own.
  for (const content of named) {
    const id = model.ids.get(content);
    if (id === undefined || special.has(content) || content === "") continue;
    special.set(content, { id, content, lstrip: false, rstrip: false });
  }
  return { special, ordinary };
}

function parseEntry(
  entry: unknown,
  i: number,
  model: TokenModel,
  seen: ReadonlyMap<number, string>,
): SpecialToken {
  const field = `added_tokens[${i}]`;
  if (!isObject(entry)) throw wrongField(FILE, field, "an object", entry);
  const { id, content, lstrip = false, rstrip = false } = entry;
  if (!isTokenId(id)) throw wrongField(FILE, `${field}.id`, TOKEN_ID, id);
  if (typeof content !== "string" || content === "") {
    throw wrongField(FILE, `${field}.content`, "a text that is not empty", content);
  }
  for (const flag of ["special", "lstrip", "rstrip", "single_word", "normalized"]) {
    const value = entry[flag] ?? false;
    if (typeof value !== "boolean") throw wrongField(FILE, `${field}.${flag}`, "true or false", value);
  }
  const other = seen.get(id);
  if (other !== undefined && other !== content) {
    throw wrongFile(FILE, `added_tokens gives the id ${id} to both ${show(other)} and ${show(content)}`);
  }
  const known = model.ids.get(content);
  if (known !== undefined && known !== id) {
    throw wrongFile(FILE, `${show(content)} has the id ${id} in added_tokens and ${known} in model.vocab`);
  }
  return { id, content, lstrip: lstrip === true, rstrip: rstrip === true };
}
