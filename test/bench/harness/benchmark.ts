import { InputError } from "../../../src/errors.ts";
import type { Report } from "./report.ts";

/** A benchmark program: the default export of a file directly in `test/bench`, named as that file. */
export interface Benchmark {
  /** What it measures, in one line. */
  readonly summary: string;
  /** Options of its own, beside `--full` and `--help`. */
  readonly options?: Readonly<Record<string, BenchOption>>;
  run(context: BenchContext): Promise<void>;
}

export interface BenchOption {
  readonly type: "string" | "boolean";
  readonly description: string;
  readonly default?: string | boolean;
}

export interface BenchContext {
  /** Whether to measure at the sizes of a real GPU; else the run ends within minutes on a CPU. */
  readonly full: boolean;
  /** Values of the program's own options; one without a default that was not given is absent. */
  readonly options: Readonly<Record<string, string | boolean>>;
  readonly report: Report;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The comma-separated positive whole numbers of an option: `--streams 1,4,16`. */
export function countsOption({ options }: BenchContext, name: string): number[] {
  const text = String(options[name] ?? "");
  const counts = text.split(",").map(Number);
  if (counts.every((count) => Number.isInteger(count) && count > 0)) return counts;
  throw new InputError(`--${name} is "${text}": expected whole numbers above 0 with commas between.`);
}

/** The comma-separated words of an option, each of them one of `known`: `--formats f16,bf16`. */
export function wordsOption<Word extends string>(
  { options }: BenchContext,
  name: string,
  known: readonly Word[],
): Word[] {
  const words = String(options[name] ?? "").split(",");
  const unknown = words.find((word) => !known.some((each) => each === word));
  if (unknown === undefined) return words as Word[];
  throw new InputError(
    `--${name} names "${unknown}": expected some of ${known.join(", ")}, with commas between.`,
  );
}
