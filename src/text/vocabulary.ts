import { isObject, type JsonObject, show, wrongField, wrongFile } from "./model-file.ts";

const FILE = "tokenizer.json";

/** Far above any published vocabulary. */
export const MAX_TOKEN_ID = 2 ** 22;

/** The checked `model` of a `tokenizer.json`: what turns words into tokens. */
export type TokenModel = BpeModel | UnigramModel;

export interface BpeModel {
  readonly type: "BPE";
  /** The object as it was read. */
  readonly json: JsonObject;
  readonly ids: ReadonlyMap<string, number>;
  readonly merges: readonly (readonly [string, string])[];
}

export interface UnigramModel {
  readonly type: "Unigram";
  readonly json: JsonObject;
  readonly ids: ReadonlyMap<string, number>;
  /** Pieces in the order of their ids, with their scores. */
  readonly pieces: readonly (readonly [string, number])[];
}

/** Reads and checks the `model` of a `tokenizer.json`. Raises a ModelError that names what is wrong. */
export function parseTokenModel(model: unknown): TokenModel {
  if (!isObject(model)) throw wrongField(FILE, "model", "an object", model);
  const { type = Array.isArray(model.merges) ? "BPE" : undefined } = model;
  if (type === "BPE") return parseBpe(model);
  if (type === "Unigram") return parseUnigram(model);
  throw wrongField(FILE, "model.type", '"BPE" or "Unigram"', type);
}

function parseBpe(json: JsonObject): BpeModel {
  const ids = parseIds(json.vocab);
  const { merges, unk_token: unknown = null } = json;
  if (!Array.isArray(merges)) throw wrongField(FILE, "model.merges", "a list", merges);
  if (unknown !== null && !(typeof unknown === "string" && ids.has(unknown))) {
    throw wrongField(FILE, "model.unk_token", "null or a token of model.vocab", unknown);
  }
  return { type: "BPE", json, ids, merges: merges.map((merge, i) => parseMerge(merge, i, ids)) };
}

function parseIds(vocab: unknown): Map<string, number> {
  if (!isObject(vocab)) throw wrongField(FILE, "model.vocab", "an object of ids by token", vocab);
  const ids = new Map<string, number>();
  const tokens = new Map<number, string>();
  for (const [token, id] of Object.entries(vocab)) {
    if (!isTokenId(id)) throw wrongField(FILE, `model.vocab[${show(token)}]`, TOKEN_ID, id);
    const other = tokens.get(id);
    if (other !== undefined) {
      throw wrongFile(FILE, `model.vocab gives the id ${id} to both ${show(other)} and ${show(token)}`);
    }
    tokens.set(id, token);
    ids.set(token, id);
  }
  if (ids.size === 0) throw wrongFile(FILE, "model.vocab has no tokens");
  return ids;
}

/** A merge in either of its published forms: `"a b"` or `["a", "b"]`. */
function parseMerge(merge: unknown, i: number, ids: ReadonlyMap<string, number>): readonly [string, string] {
  const field = `model.merges[${i}]`;
  const pair = typeof merge === "string" ? splitMerge(merge, ids) : merge;
  const [left, right] = Array.isArray(pair) && pair.length === 2 ? pair : [];
  if (typeof left !== "string" || typeof right !== "string" || left === "" || right === "") {
    throw wrongField(FILE, field, "two tokens", merge);
  }
  if (!ids.has(left + right)) {
    throw wrongFile(FILE, `${field} makes ${show(left + right)}, which model.vocab does not contain`);
  }
  return [left, right];
}

/** Some vocabularies have tokens that contain the space which stands between the two. */
function splitMerge(merge: string, ids: ReadonlyMap<string, number>): [string, string] | undefined {
  for (let at = merge.indexOf(" ", 1); at > 0; at = merge.indexOf(" ", at + 1)) {
    const pair: [string, string] = [merge.slice(0, at), merge.slice(at + 1)];
    if (merge.indexOf(" ", at + 1) < 0 || (ids.has(pair[0]) && ids.has(pair[1]))) return pair;
  }
  return undefined;
}

function parseUnigram(json: JsonObject): UnigramModel {
  const { vocab, unk_id: unknown, byte_fallback: byBytes = false } = json;
  if (byBytes !== false) throw wrongField(FILE, "model.byte_fallback", "false in a Unigram model", byBytes);
  if (!Array.isArray(vocab) || vocab.length === 0) {
    throw wrongField(FILE, "model.vocab", "a list of tokens with their scores", vocab);
  }
  const ids = new Map<string, number>();
  for (const [id, entry] of vocab.entries()) {
    const [token, score] = Array.isArray(entry) ? entry : [];
    if (typeof token !== "string" || typeof score !== "number") {
      throw wrongField(FILE, `model.vocab[${id}]`, "a token and its score", entry);
    }
    if (ids.has(token)) {
      throw wrongFile(
        FILE,
        `model.vocab gives ${show(token)} both the id ${ids.get(token)} and the id ${id}`,
      );
    }
    ids.set(token, id);
  }
  if (!isTokenId(unknown) || unknown >= vocab.length) {
    throw wrongField(FILE, "model.unk_id", `an index into model.vocab, below ${vocab.length}`, unknown);
  }
  return { type: "Unigram", json, ids, pieces: vocab };
}

export const TOKEN_ID = `a whole number from 0 to ${MAX_TOKEN_ID}`;

export function isTokenId(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_TOKEN_ID;
}
