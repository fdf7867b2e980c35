import { parseArgs } from "node:util";
import { InputError } from "../src/errors.ts";
import type { RunnerKind } from "../src/protocol.ts";
import type { AdapterChoice } from "./browser.ts";
import { demoModel, type ModelPlace, modelPlace } from "./model-argument.ts";

export const askUsage = `npm run --silent ask -- [options] "text"

Asks a model, run by Quire in a headless browser. The answer goes to standard output, statistics to standard error.

  --model PLACE      a folder, a web address, or a repository owner/name[@revision] (${demoModel})
  --max-tokens N     end the answer after N tokens (as many as the context holds)
  --temperature T    0 always takes the likeliest token (the model's own setting)
  --seed S           whole number from 0; the same one gives the same answer (random)
  --raw              continue the text as it is, without the model's chat template
  --json             print one object: text, tokenIds, finishReason, usage, timings, adapter
  --adapter NAME     best: the graphics card where there is one; software: the CPU (best)
  --runner NAME      webgpu, or wasm: WebAssembly (webgpu)
  --help             this text

Ends with 0 after an answer, 1 after a failure, 2 for a wrong command line, 130 after Ctrl-C.
`;

export interface AskOptions {
  readonly text: string;
  readonly model: ModelPlace;
  readonly raw: boolean;
  readonly json: boolean;
  readonly adapter: AdapterChoice;
  readonly runner: RunnerKind;
  readonly generate: { readonly maxTokens?: number; readonly temperature?: number; readonly seed?: number };
}

/** Reads a command line; undefined where it asks for help. Throws an InputError or parseArgs' own error. */
export function parseAskOptions(words: readonly string[]): AskOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      model: { type: "string", default: demoModel },
      "max-tokens": { type: "string" },
      temperature: { type: "string" },
      seed: { type: "string" },
      raw: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      adapter: { type: "string", default: "best" },
      runner: { type: "string", default: "webgpu" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const [text, ...more] = positionals;
  if (text === undefined) throw new InputError('There is no text: expected it in quotes, as in ask "Hello".');
  if (more.length > 0) {
    throw new InputError(
      `There are ${positionals.length} texts: expected one. Put the whole text in quotes.`,
    );
  }
  const { adapter, runner } = values;
  if (adapter !== "best" && adapter !== "software") {
    throw new InputError(`--adapter is "${adapter}": expected best or software.`);
  }
  if (runner !== "webgpu" && runner !== "wasm") {
    throw new InputError(`--runner is "${runner}": expected webgpu or wasm.`);
  }
  const generate = {
    ...numberOption("maxTokens", "max-tokens", values["max-tokens"]),
    ...numberOption("temperature", "temperature", values.temperature),
    ...numberOption("seed", "seed", values.seed),
  };
  return {
    text,
    model: modelPlace(values.model),
    raw: values.raw,
    json: values.json,
    adapter,
    runner,
    generate,
  };
}

/** Whether a number is in range is for the runtime to say. */
function numberOption(name: string, option: string, text: string | undefined): Record<string, number> {
  if (text === undefined) return {};
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return { [name]: value };
  throw new InputError(`--${option} is "${text}": expected a number.`);
}
