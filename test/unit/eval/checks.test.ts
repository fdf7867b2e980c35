import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { updateCard } from "../../eval/card.ts";
import { isRight } from "../../eval/checks.ts";
import { isHeldOut, parsePrompts, rowName, spreadSample } from "../../eval/prompt.ts";
import { differingCount, scores } from "../../eval/scores.ts";

const prompts = parsePrompts(readFileSync("test/eval/prompts.jsonl", "utf8"));

describe("checks", () => {
  test("an exact answer may have white space around it and nothing else", () => {
    expect(isRight("exact", " 42\n", "42")).toBe(true);
    expect(isRight("exact", "42.", "42")).toBe(false);
  });

  test("JSON is compared as a value", () => {
    expect(isRight("json-equal", '{"b": [1], "a": "x"}', { a: "x", b: [1] })).toBe(true);
    expect(isRight("json-equal", '{"a": "x", "b": [1, 2]}', { a: "x", b: [1] })).toBe(false);
    expect(isRight("json-equal", '{"a": "x"', { a: "x" })).toBe(false);
  });

  test("a tool call stands alone between its tags", () => {
    const expected = { name: "f", arguments: { n: 1 } };
    const call = '<tool_call>\n{"arguments": {"n": 1}, "name": "f"}\n</tool_call>';
    expect(isRight("tool-call-equal", `${call}\n`, expected)).toBe(true);
    expect(isRight("tool-call-equal", `Sure: ${call}`, expected)).toBe(false);
    expect(isRight("tool-call-equal", JSON.stringify(expected), expected)).toBe(false);
  });

  test("a story has its length, its words, an end and no sentence twice", () => {
    const sentence = (i: number) => `The fox walked past house number ${i} on its way home. `;
    const told = Array.from({ length: 6 }, (_, i) => sentence(i)).join("");
    const expected = { mentions: ["fox"] };
    expect(isRight("story", told, expected)).toBe(true);
    expect(isRight("story", told + sentence(0), expected)).toBe(false);
    expect(isRight("story", told.trim().slice(0, -1), expected)).toBe(false);
    expect(isRight("story", told, { mentions: ["owl"] })).toBe(false);
    expect(isRight("story", told, { mentions: ["hous"] })).toBe(false);
    expect(isRight("story", sentence(1), expected)).toBe(false);
  });
});

describe("prompts", () => {
  test("there are at least a thousand, over all tasks, and each is held out", () => {
    expect(prompts.length).toBeGreaterThanOrEqual(1000);
    expect(new Set(prompts.map(rowName)).size).toBe(25);
    expect(prompts.every(({ key }) => isHeldOut(key))).toBe(true);
  });

  test("a prompt that training may have seen is refused by its number", () => {
    const seen = JSON.stringify({ ...prompts[0], id: 7, key: "arithmetic|1+1" });
    expect(isHeldOut("arithmetic|1+1")).toBe(false);
    expect(() => parsePrompts(`${JSON.stringify(prompts[1])}\n${seen}\n`)).toThrow(
      /^Prompt 7 is not held out/,
    );
  });

  test("a right answer to each prompt with a plain one is judged right", () => {
    const plain = prompts.filter(({ check }) => check === "exact");
    expect(plain.length).toBeGreaterThan(1000);
    for (const { check, expected } of plain) expect(isRight(check, String(expected), expected)).toBe(true);
  });

  test("a sample is spread over the tasks and has the size asked for", () => {
    const sample = spreadSample(prompts, 100);
    expect(sample).toHaveLength(100);
    expect(new Set(sample).size).toBe(100);
    expect(new Set(sample.map(rowName)).size).toBeGreaterThan(22);
    expect(spreadSample(prompts, 1e9)).toHaveLength(prompts.length);
  });
});

describe("scores", () => {
  const some = prompts.slice(0, 3);
  const answer = (i: number, text: string) =>
    [some[i]!.id, { id: some[i]!.id, text, tokenIds: [i] }] as const;

  test("only answered prompts count", () => {
    const answers = new Map([answer(0, String(some[0]!.expected)), answer(1, "no")]);
    expect(scores(some, answers)).toEqual([
      { task: "about", right: 1, count: 2 },
      { task: "all", right: 1, count: 2 },
    ]);
  });

  test("runs differ where a token does, or where one has no answer", () => {
    const first = new Map([answer(0, "a"), answer(1, "b")]);
    expect(differingCount(first, new Map([answer(0, "other text, same tokens")]))).toBe(1);
    expect(differingCount(first, first)).toBe(0);
  });
});

test("new figures replace the old ones in a model card, and nothing else", () => {
  const card = readFileSync("public/models/quire-demo/README.md", "utf8");
  const updated = updateCard(card, "NEW");
  expect(updated).toContain("<!-- measured -->\nNEW\n<!-- end of measured -->");
  const [before, after] = [card.split("<!-- measured -->")[0]!, card.split("<!-- end of measured -->")[1]!];
  expect(updated.startsWith(before) && updated.endsWith(after)).toBe(true);
  expect(() => updateCard("no marks", "NEW")).toThrow(/<!-- measured -->/);
});
