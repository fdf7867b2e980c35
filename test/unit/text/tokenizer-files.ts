import { existsSync, readFileSync } from "node:fs";
import { Tokenizer as Library } from "@huggingface/tokenizers";
import { Tokenizer } from "../../../src/text/tokenizer.ts";
import { readSharedText, sharedData } from "../../support/shared-data.ts";

/** The files of a tokenizer, as they are published. */
export interface TokenizerFiles {
  readonly tokenizer: TokenizerJson;
  readonly config: Record<string, unknown>;
}

export interface TokenizerJson {
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: boolean;
  }[];
  readonly [name: string]: unknown;
}

/** Folders of `../shared/data` with a tokenizer. */
export const SHARED_TOKENIZERS = [
  "tokenizers/llama2",
  "tokenizers/llama3",
  "tokenizers/qwen2",
  "tokenizers/smollm",
  "models/stories260K-hf-f32",
];

const DEMO = new URL("../../../public/models/quire-demo/", import.meta.url);

export function sharedTokenizer(folder: string): TokenizerFiles {
  const files = read.get(folder) ?? {
    tokenizer: JSON.parse(readSharedText(`${folder}/tokenizer.json`)),
    config: JSON.parse(readSharedText(`${folder}/tokenizer_config.json`)),
  };
  read.set(folder, files);
  return files;
}

const read = new Map<string, TokenizerFiles>();

/** The tokenizer of the model that comes with Quire. */
export function demoTokenizer(): TokenizerFiles {
  const read = (name: string) => JSON.parse(readFileSync(new URL(name, DEMO), "utf8"));
  return { tokenizer: read("tokenizer.json"), config: read("tokenizer_config.json") };
}

/** All published tokenizers that are there, by name. */
export function allTokenizers(): Map<string, TokenizerFiles> {
  const shared = SHARED_TOKENIZERS.filter((folder) => sharedData(folder) !== undefined);
  const demo = existsSync(DEMO) ? [["quire-demo", demoTokenizer()] as const] : [];
  return new Map([
    ...shared.map((folder) => [folder.split("/")[1]!, sharedTokenizer(folder)] as const),
    ...demo,
  ]);
}

/** The tokenizer of some files; made once, because a large one takes a second. */
export function open(files: TokenizerFiles): Tokenizer {
  const tokenizer = opened.get(files) ?? new Tokenizer(files.tokenizer, files.config);
  opened.set(files, tokenizer);
  return tokenizer;
}

const opened = new WeakMap<TokenizerFiles, Tokenizer>();

/**
 * The library's own tokenizer, for which text may contain special tokens. It finds a special token that is
 * marked as normalized only behind a space, so here none is.
 */
export function openLibrary({ tokenizer, config }: TokenizerFiles): Library {
  const added = tokenizer.added_tokens.map((token) =>
    token.special ? { ...token, normalized: false } : token,
  );
  return new Library({ ...tokenizer, added_tokens: added }, config);
}
