import type { Table } from "../bench/harness/table.ts";
import type { EvalAnswer } from "./answer-all.ts";
import { isRight } from "./checks.ts";
import { type EvalPrompt, rowName } from "./prompt.ts";

/** How many of a task's answers are right. */
export interface Score {
  readonly task: string;
  readonly right: number;
  readonly count: number;
}

export type Answers = ReadonlyMap<number, EvalAnswer>;

/** The prompts whose answers are wrong; those not yet answered are left out. */
export function wrongPrompts(prompts: readonly EvalPrompt[], answers: Answers): EvalPrompt[] {
  return prompts.filter(({ id, check, expected }) => {
    const answer = answers.get(id);
    return answer !== undefined && !isRight(check, answer.text, expected);
  });
}

/** A score per task, in the order of the prompts, and one for all of them at the end. */
export function scores(prompts: readonly EvalPrompt[], answers: Answers): Score[] {
  const wrong = new Set(wrongPrompts(prompts, answers));
  const scoreOf = (task: string, its: readonly EvalPrompt[]): Score => {
    const right = its.filter((prompt) => !wrong.has(prompt)).length;
    return { task, right, count: its.length };
  };
  const answered = prompts.filter(({ id }) => answers.has(id));
  const byTask = [...new Set(answered.map(rowName))].map((task) =>
    scoreOf(
      task,
      answered.filter((prompt) => rowName(prompt) === task),
    ),
  );
  return [...byTask, scoreOf("all", answered)];
}

export function scoreTable(title: string, all: readonly Score[]): Table {
  const rows = all.map(({ task, right, count }) => [
    task,
    `${right} of ${count}`,
    count === 0 ? "" : `${((100 * right) / count).toFixed(1)}%`,
  ]);
  return { title, columns: ["task", "right", "share"], rows };
}

/** How many of the prompts two runs answered with other tokens. */
export function differingCount(a: Answers, b: Answers): number {
  return [...a.values()].filter(({ id, tokenIds }) => String(b.get(id)?.tokenIds) !== String(tokenIds))
    .length;
}
