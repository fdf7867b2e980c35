import { PreTokenizer } from "@huggingface/tokenizers";
import type { BpeModel } from "./vocabulary.ts";

type Words = (text: string, options?: object) => string[];

/** Words up to this length are merged as they are. */
const SHORT_WORD_LEN = 256;

/**
 * Cuts long words where no token can reach across, so that merging a long text takes time in proportion to its
 * length, and its words are found in the library's cache.
 *
 * SentencePiece models have no words: the whole text is one. A merge joins two neighbours into a token of the
 * vocabulary, so characters that stand side by side in no token that a merge makes are never joined, and what
 * lies left and right of them is merged independently: the ids are the same as without the cut.
 */
export class SafeCuts extends PreTokenizer {
  readonly #words: Words | null;
  readonly #model: BpeModel;
  #neighbours: ReadonlySet<string> | undefined;

  constructor(words: Words | null, model: BpeModel) {
    super();
    this.#words = words;
    this.#model = model;
  }

  override pre_tokenize_text(text: string, options?: object): string[] {
    const words = this.#words ? this.#words(text, options) : [text];
    return words.some(({ length }) => length > SHORT_WORD_LEN)
      ? words.flatMap((word) => (word.length > SHORT_WORD_LEN ? this.#cut(word) : [word]))
      : words;
  }

  #cut(word: string): string[] {
    this.#neighbours ??= neighboursIn(this.#model);
    const pieces: string[] = [];
    let start = 0;
    let end = 0;
    let previous = "";
    for (const character of word) {
      if (previous && !this.#neighbours.has(previous + character)) {
        pieces.push(word.slice(start, end));
        start = end;
      }
      previous = character;
      end += character.length;
    }
    pieces.push(word.slice(start));
    return pieces;
  }
}

/** All pairs of characters that stand side by side in a token which a merge makes. */
function neighboursIn({ merges }: BpeModel): Set<string> {
  const pairs = new Set<string>();
  for (const [left, right] of merges) {
    let previous = "";
    for (const character of left + right) {
      if (previous) pairs.add(previous + character);
      previous = character;
    }
  }
  return pairs;
}

/** Whether merging is all that a model does to a word. */
export function mayCut({ json }: BpeModel): boolean {
  // With ignore_merges a word that is a token stays whole, even where no merge makes it.
  return !json.ignore_merges && !json.end_of_word_suffix && !json.continuing_subword_suffix;
}
