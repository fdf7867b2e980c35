// `npm run eval -- [options]`: the demo model's held-out prompts, answered by Quire in a headless browser.
import { readFileSync } from "node:fs";
import { openQuirePage, type QuirePage } from "../../tools/quire-page.ts";
import { isUsageError } from "../../tools/usage-error.ts";
import { answerAll, listenForAnswers } from "./answer-all.ts";
import { type EvalOptions, evalUsage, parseEvalOptions } from "./eval-options.ts";
import { type EvalPrompt, parsePrompts, spreadSample } from "./prompt.ts";
import { differences, printRuns, type Run, writeCard, writeResult } from "./report.ts";
import { variants } from "./variants.ts";

async function main(options: EvalOptions): Promise<number> {
  const { model, adapter, limit, show, card, streamCount } = options;
  const prompts = spreadSample(parsePrompts(readFileSync("test/eval/prompts.jsonl", "utf8")), limit);
  const opened = await openQuirePage({ adapter, folders: { "/model/": model } });
  let cancelled = false;
  process.once("SIGINT", () => {
    cancelled = true;
    void opened.close();
  });
  const runs: Run[] = [];
  try {
    await answerRuns(opened, prompts, options, runs);
  } catch (error) {
    if (!cancelled) throw error;
    process.stderr.write("\nCancelled: what follows is of the answers so far.\n");
  } finally {
    await opened.close();
  }
  printRuns(prompts, runs, show);
  writeResult(prompts, runs);
  if (cancelled) return 130;
  if (card) writeCard(model, prompts, runs[0]!, streamCount);
  return differences(runs).every(({ differing }) => differing === 0) ? 0 : 1;
}

/** Adds to `runs` as it goes, so that a cancelled run leaves what it had. */
async function answerRuns(
  opened: QuirePage,
  prompts: readonly EvalPrompt[],
  { compare, streamCount, runner }: EvalOptions,
  runs: Run[],
): Promise<void> {
  await listenForAnswers(opened, (answer) => {
    const { answers, variant } = runs.at(-1)!;
    answers.set(answer.id, answer);
    showProgress(variant.name, answers.size, prompts.length);
  });
  const address = opened.urlOf("/model/");
  for (const variant of compare ? variants : variants.slice(0, 1)) {
    const run: Run = { variant, answers: new Map() };
    runs.push(run);
    const load = { ...(runner ? { runner } : {}), ...variant.load };
    run.ranOn = await answerAll(opened, address, prompts, { ...variant, load }, streamCount);
  }
}

/** A line that is written over in a terminal; a line now and then in a file. */
function showProgress(name: string, done: number, total: number): void {
  const text = `${name}: ${done} of ${total} prompts`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}${done === total ? "\n" : ""}`);
  else if (done % 100 === 0 || done === total) process.stderr.write(`${text}\n`);
}

try {
  const options = parseEvalOptions(process.argv.slice(2));
  if (!options) process.stdout.write(evalUsage);
  process.exit(options ? await main(options) : 0);
} catch (error) {
  process.stderr.write(`${isUsageError(error) ? error.message : (error as Error).stack}\n`);
  process.exit(isUsageError(error) ? 2 : 1);
}
