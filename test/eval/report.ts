import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { markdownTable } from "../bench/harness/table.ts";
import type { EvalAnswer } from "./answer-all.ts";
import { updateCard } from "./card.ts";
import { type EvalPrompt, isHeldOut } from "./prompt.ts";
import { type Answers, differingCount, scores, scoreTable, wrongPrompts } from "./scores.ts";
import type { Variant } from "./variants.ts";

/** One pass over the prompts. */
export interface Run {
  readonly variant: Variant;
  readonly answers: Map<number, EvalAnswer>;
  /** What ran it; known once the pass is complete. */
  ranOn?: string;
}

const folder = ".cache/eval";

/** Prints a table per run, and what differs between them. */
export function printRuns(prompts: readonly EvalPrompt[], runs: readonly Run[], showWrong: boolean): void {
  for (const { variant, answers, ranOn } of runs) {
    const title = `Held-out prompts, ${variant.name}, ${ranOn ? `on ${ranOn}` : "cut short"}`;
    console.log(`${markdownTable(scoreTable(title, scores(prompts, answers)))}\n`);
    if (showWrong) for (const prompt of wrongPrompts(prompts, answers)) printWrong(prompt, answers);
  }
  const columns = ["run", "answers with other tokens", "of"];
  const rows = differences(runs).map(({ name, differing, count }) => [name, differing, count]);
  if (rows.length > 0) console.log(markdownTable({ title: "Compared with the first", columns, rows }));
}

/** What each run after the first answered otherwise than the first. */
export function differences([first, ...others]: readonly Run[]) {
  return others.map(({ variant, answers }) => ({
    name: variant.name,
    differing: differingCount(answers, first!.answers),
    count: answers.size,
  }));
}

function printWrong({ task, messages, expected, id }: EvalPrompt, answers: Answers): void {
  console.log(`${task}: ${JSON.stringify(messages.at(-1)!.content.slice(-160))}`);
  console.log(
    `  expected ${JSON.stringify(expected)}\n  answered ${JSON.stringify(answers.get(id)!.text)}\n`,
  );
}

/** Writes every answer and score to `.cache/eval/result.json`. */
export function writeResult(prompts: readonly EvalPrompt[], runs: readonly Run[]): void {
  const date = new Date().toISOString();
  const heldOut = prompts.every(({ key }) => isHeldOut(key));
  const all = runs.map(({ variant, ranOn, answers }) => ({
    variant,
    ranOn,
    scores: scores(prompts, answers),
    answers: [...answers.values()],
  }));
  mkdirSync(folder, { recursive: true });
  const result = { date, promptCount: prompts.length, heldOut, runs: all };
  writeFileSync(`${folder}/result.json`, `${JSON.stringify(result)}\n`);
}

/** Puts the figures of a run into the model's card. */
export function writeCard(
  model: string,
  prompts: readonly EvalPrompt[],
  { answers, ranOn }: Run,
  streamCount: number,
): void {
  const date = new Date().toISOString().slice(0, 10);
  const where =
    `Measured with Quire itself (\`npm run eval\`), in Chromium, on ${ranOn}, ` +
    `${streamCount} requests at once, on ${date}.`;
  const [, , ...table] = markdownTable(scoreTable("", scores(prompts, answers))).split("\n");
  const path = `${model}/README.md`;
  writeFileSync(path, updateCard(readFileSync(path, "utf8"), `${where}\n\n${table.join("\n")}`));
}
