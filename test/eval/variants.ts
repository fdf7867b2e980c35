import type { RunSettings } from "./answer-all.ts";

/** A way to run the same prompts that must not change one token of a greedy answer. */
export interface Variant extends RunSettings {
  readonly name: string;
}

/** The first is what the others are compared with: everything as it is by default. */
export const variants: readonly Variant[] = [
  { name: "default" },
  { name: "recording: none", load: { recording: "none" } },
  { name: "recording: piecewise", load: { recording: "piecewise" } },
  { name: "recording: fullDecodeOnly", load: { recording: "fullDecodeOnly" } },
  { name: "recording: fullAndPiecewise", load: { recording: "fullAndPiecewise" } },
  { name: "attention: unified", load: { attention: "unified" } },
  { name: "attention: tall tiles only", load: { attention: "tallTileOnly" } },
  { name: "attention: split keys only", load: { attention: "splitKvOnly" } },
  { name: "no shared prefixes", sharedPrefixes: false },
  { name: "no speculation", request: { speculate: false } },
  { name: "one stream at a time", load: { maxSequences: 1 } },
];
