import { createHash } from "node:crypto";
import type { Message, Tool } from "../../src/protocol.ts";
import type { Check } from "./checks.ts";

/** A line of `prompts.jsonl`; README.md says what the fields mean. */
export interface EvalPrompt {
  readonly id: number;
  readonly task: string;
  readonly key: string;
  readonly messages: readonly Message[];
  readonly tools?: readonly Tool[];
  readonly distance?: number;
  readonly check: Check;
  readonly expected: unknown;
}

/** The corpus leaves out one key in so many. */
const RESERVED_SHARE = 32;

/** Reads the prompts; raises an error that names the first that the training text may have held. */
export function parsePrompts(jsonl: string): EvalPrompt[] {
  const prompts = jsonl
    .trim()
    .split("\n")
    .map((line): EvalPrompt => JSON.parse(line));
  const seen = prompts.find(({ key }) => !isHeldOut(key));
  if (!seen) return prompts;
  throw new Error(
    `Prompt ${seen.id} is not held out: the SHA-256 of its key should begin with a 32-bit number divisible by ` +
      `${RESERVED_SHARE}; the key is "${seen.key}". Make the prompts anew with tools/demo-model/eval_set.py.`,
  );
}

export function isHeldOut(key: string): boolean {
  return createHash("sha256").update(key).digest().readUInt32BE(0) % RESERVED_SHARE === 0;
}

/** The row of the table a prompt counts for. */
export function rowName({ task, distance }: EvalPrompt): string {
  return distance === undefined ? task : `${task}-${distance}`;
}

/** About `count` of the prompts, at even distances, so that every task with enough of them is there. */
export function spreadSample<T>(prompts: readonly T[], count: number): T[] {
  if (count >= prompts.length) return [...prompts];
  return Array.from({ length: count }, (_, i) => prompts[Math.floor((i * prompts.length) / count)]!);
}
