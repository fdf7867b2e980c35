import { statSync } from "node:fs";
import { InputError } from "../src/errors.ts";

/** The model that runs when nobody chose another. */
export const demoModel = "public/models/quire-demo";

/** A model as named on a command line: a folder to serve, or an address that the runtime itself resolves. */
export type ModelPlace =
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "address"; readonly address: string };

/** A folder where there is one of that name; else a web address or a repository's `owner/name`. */
export function modelPlace(model: string): ModelPlace {
  if (statSync(model, { throwIfNoEntry: false })?.isDirectory()) return { kind: "folder", folder: model };
  if (/^https?:\/\//.test(model) || /^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(model)) {
    if (!/^\.{1,2}\//.test(model)) return { kind: "address", address: model };
  }
  throw new InputError(
    `--model is "${model}": expected an existing folder, an http(s) address, or a repository as owner/name.`,
  );
}
