import { isDeepStrictEqual } from "node:util";

export type Check = "exact" | "json-equal" | "tool-call-equal" | "story";

/** Whether an answer is right. README.md says the same in words, `tools/demo-model/checkers.py` in Python. */
export function isRight(check: Check, answer: string, expected: unknown): boolean {
  switch (check) {
    case "exact":
      return answer.trim() === expected;
    case "json-equal":
      return isJsonOf(answer, expected);
    case "tool-call-equal":
      return isJsonOf(/^\s*<tool_call>(.*)<\/tool_call>\s*$/s.exec(answer)?.[1] ?? "", expected);
    case "story":
      return isStory(answer.trim(), (expected as { mentions: string[] }).mentions);
    default:
      return check satisfies never;
  }
}

function isJsonOf(text: string, expected: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(text), expected);
  } catch {
    return false;
  }
}

function isStory(answer: string, mentions: readonly string[]): boolean {
  const sentences = answer.split(/(?<=[.!?])"?\s+/).filter((sentence) => sentence !== "");
  const wordCount = answer.split(/\s+/).length;
  return (
    within(sentences.length, 5, 16) &&
    within(wordCount, 40, 200) &&
    new Set(sentences).size === sentences.length &&
    /[.!?"]$/.test(answer) &&
    mentions.every((word) => new RegExp(`\\b${word.replace(/[^\w\s]/g, "\\$&")}\\b`).test(answer))
  );
}

function within(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}
