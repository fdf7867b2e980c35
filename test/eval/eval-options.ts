import { parseArgs } from "node:util";
import { InputError } from "../../src/errors.ts";
import type { RunnerKind } from "../../src/protocol.ts";
import type { AdapterChoice } from "../../tools/browser.ts";
import { demoModel } from "../../tools/model-argument.ts";

export const evalUsage = `npm run eval -- [options]

Has Quire answer the demo model's held-out prompts in a headless browser, and prints how many answers are right.

  --limit N        only N of the prompts, spread over all tasks
  --streams N      requests at once (16)
  --compare        the same prompts in every way of running them, which must not change a token
  --show           the wrong answers
  --card           put the figures into the model's card, which takes a run of all prompts
  --model FOLDER   the model (${demoModel})
  --adapter NAME   best: the graphics card where there is one; software: the CPU (best)
  --runner NAME    webgpu or wasm (webgpu with --compare, else what the browser runs best)
  --help           this text

Everything is written to .cache/eval/result.json too. Ctrl-C ends the run and prints what there is so far.
`;

export interface EvalOptions {
  readonly limit: number;
  readonly streamCount: number;
  readonly compare: boolean;
  readonly show: boolean;
  readonly card: boolean;
  readonly model: string;
  readonly adapter: AdapterChoice;
  /** Undefined leaves the choice to the runtime. */
  readonly runner: RunnerKind | undefined;
}

/** Reads a command line; undefined where it asks for help. Throws an InputError or parseArgs' own error. */
export function parseEvalOptions(words: readonly string[]): EvalOptions | undefined {
  const { values } = parseArgs({
    args: [...words],
    options: {
      limit: { type: "string" },
      streams: { type: "string", default: "16" },
      compare: { type: "boolean", default: false },
      show: { type: "boolean", default: false },
      card: { type: "boolean", default: false },
      model: { type: "string", default: demoModel },
      adapter: { type: "string", default: "best" },
      runner: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const { adapter, compare, show, card, model, runner = compare ? "webgpu" : undefined } = values;
  if (adapter !== "best" && adapter !== "software") {
    throw new InputError(`--adapter is "${adapter}": expected best or software.`);
  }
  if (runner !== undefined && runner !== "webgpu" && runner !== "wasm") {
    throw new InputError(`--runner is "${runner}": expected webgpu or wasm.`);
  }
  if (card && (compare || values.limit !== undefined)) {
    throw new InputError("--card is for a run of all prompts: leave out --limit and --compare.");
  }
  const limit = values.limit === undefined ? Number.POSITIVE_INFINITY : count("limit", values.limit);
  const streamCount = count("streams", values.streams);
  return { limit, streamCount, compare, show, card, model, adapter, runner };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InputError(`--${option} is "${text}": expected a whole number above 0.`);
}
