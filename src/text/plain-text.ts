import { Tokenizer as Library } from "@huggingface/tokenizers";
import { isObject, type JsonObject, wrongFile } from "./model-file.ts";
import { mayCut, SafeCuts } from "./safe-cuts.ts";
import type { AddedTokens } from "./special-tokens.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";
import type { TokenModel } from "./vocabulary.ts";

/**
 * Turns text into ids, none of which is a special token's: the library's tokenizer, made from a file in which
 * the special tokens have names that no text can hold.
 */
export class PlainText {
  readonly #first: Library;
  /** For sections that follow another one; some tokenizers put a space before the first section only. */
  readonly #later: Library;

  constructor(file: JsonObject, model: TokenModel, added: AddedTokens, config: TokenizerConfig) {
    const json = {
      ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
      ...file,
      model: withoutSpecial(model, added),
      added_tokens: added.ordinary,
    };
    this.#first = open(json, model, config);
    const later = neverPrepended(json.pre_tokenizer);
    this.#later = later === undefined ? this.#first : open({ ...json, pre_tokenizer: later }, model, config);
  }

  encode(text: string, isFirst: boolean): number[] {
    if (text === "") return [];
    const library = isFirst ? this.#first : this.#later;
    return library.encode(wellFormed(text), { add_special_tokens: false }).ids;
  }

  /** The text of an id as the vocabulary has it; undefined for special tokens' ids and unused ones. */
  token(id: number): string | undefined {
    const token = this.#first.id_to_token(id);
    return token?.startsWith(UNREACHABLE) ? undefined : token;
  }

  /** What the tokenizer writes around a text, as names of tokens. */
  get frame(): { readonly before: readonly string[]; readonly after: readonly string[] } {
    const written = this.#first.post_processor?.([TEXT], null, true) as { tokens: string[] } | undefined;
    const tokens = written?.tokens ?? [TEXT];
    const at = tokens.indexOf(TEXT);
    if (at < 0) throw wrongFile(FILE, "post_processor leaves out the text");
    return { before: tokens.slice(0, at), after: tokens.slice(at + 1) };
  }
}

const FILE = "tokenizer.json";
/** A lone surrogate: well-formed text does not contain it. */
const UNREACHABLE = "\uDFFF";
const TEXT = `${UNREACHABLE}text`;

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\uFFFD");
}

function open(json: JsonObject, model: TokenModel, config: TokenizerConfig): Library {
  try {
    const library = new Library(json, {
      remove_space: config.removeSpace,
      do_lowercase_and_remove_accent: config.lowercaseAndRemoveAccent,
    });
    if (model.type === "BPE" && mayCut(model)) {
      library.pre_tokenizer = new SafeCuts(library.pre_tokenizer, model);
    }
    // Some of what is wrong in a file shows only when it is used.
    library.encode("A text");
    return library;
  } catch (error) {
    throw wrongFile(FILE, `the tokenizer cannot be made: ${(error as Error).message}`);
  }
}

/** The model with its special tokens renamed, and without the merges that would make them. */
function withoutSpecial(model: TokenModel, { special }: AddedTokens): JsonObject {
  const rename = (token: string) => (special.has(token) ? UNREACHABLE + token : token);
  if (model.type === "Unigram") {
    return {
      ...model.json,
      type: model.type,
      vocab: model.pieces.map(([token, score]) => [rename(token), score]),
    };
  }
  // A vocabulary is large: it is copied only where something in it changes.
  const isSame = ![...special.keys()].some((token) => model.ids.has(token));
  if (isSame) return { ...model.json, type: model.type, merges: model.merges };
  const { unk_token: unknown } = model.json;
  return {
    ...model.json,
    type: model.type,
    vocab: Object.fromEntries([...model.ids].map(([token, id]) => [rename(token), id])),
    merges: model.merges.filter(([left, right]) => !special.has(left + right)),
    unk_token: typeof unknown === "string" ? rename(unknown) : unknown,
  };
}

/** The pre-tokenizer for later sections, where it is another than for the first. */
function neverPrepended(json: unknown): JsonObject | undefined {
  if (!isObject(json)) return undefined;
  if (json.type === "Metaspace" && json.prepend_scheme === "first")
    return { ...json, prepend_scheme: "never" };
  if (!Array.isArray(json.pretokenizers)) return undefined;
  const later = json.pretokenizers.map((each) => neverPrepended(each) ?? each);
  return later.every((each, i) => each === (json.pretokenizers as unknown[])[i])
    ? undefined
    : { ...json, pretokenizers: later };
}
