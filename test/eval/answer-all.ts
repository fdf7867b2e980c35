import type { LoadOptions, RequestOptions } from "../../src/protocol.ts";
import type { QuirePage } from "../../tools/quire-page.ts";
import type { EvalPrompt } from "./prompt.ts";

/** How a run of the prompts is set up, beside what every run has: greedy answers, many at once. */
export interface RunSettings {
  readonly load?: Partial<LoadOptions>;
  readonly request?: RequestOptions;
  /** Whether requests may share cached prefixes with each other. */
  readonly sharedPrefixes?: boolean;
}

export interface EvalAnswer {
  readonly id: number;
  readonly text: string;
  readonly tokenIds: readonly number[];
}

/** As README.md has it. */
const MAX_TOKENS = 320;

declare global {
  var onAnswer: (answer: EvalAnswer) => Promise<void>;
}

/** Makes `onAnswer` known in the page; once for all runs in it. */
export async function listenForAnswers(
  { page }: QuirePage,
  onAnswer: (answer: EvalAnswer) => void,
): Promise<void> {
  await page.exposeFunction("onAnswer", onAnswer);
}

/** Has a page answer the prompts, `streamCount` at once, each handed over as it comes; resolves with what ran them. */
export async function answerAll(
  { page }: QuirePage,
  address: string,
  prompts: readonly EvalPrompt[],
  { load = {}, request = {}, sharedPrefixes = true }: RunSettings,
  streamCount: number,
): Promise<string> {
  const asked = prompts.map(({ id, messages, tools }) => ({ id, messages, tools }));
  const settings = { temperature: 0, maxTokens: MAX_TOKENS, ...request };
  const { adapter, runner } = await page.evaluate(
    async ({ address, asked, load, settings, sharedPrefixes, streamCount }) => {
      const engine = await quire.createEngine({ model: address, ...load });
      const waiting = asked[Symbol.iterator]();
      const answerInTurn = async () => {
        for (const { id, messages, tools } of waiting) {
          const own = { ...(tools ? { tools } : {}), ...(sharedPrefixes ? {} : { cacheSalt: String(id) }) };
          const { text, tokenIds } = await engine.generate(messages, { ...settings, ...own }).result;
          await onAnswer({ id, text, tokenIds });
        }
      };
      await Promise.all(Array.from({ length: streamCount }, answerInTurn));
      const { adapter, runner } = engine.model;
      engine.dispose();
      return { adapter, runner };
    },
    { address, asked, load, settings, sharedPrefixes, streamCount },
  );
  const name = `${adapter.vendor} ${adapter.description}`.trim();
  if (runner?.kind === "wasm") return name;
  return `WebGPU (${name}${adapter.software ? ", software" : ""})`;
}
