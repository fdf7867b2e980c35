import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const tools = "tools/demo-model";
const hasPython =
  spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
if (!hasPython) console.warn("Skipped: the demo model's corpus and tokenizer (no python3 of 3.9 or later)");

const sums = JSON.parse(readFileSync(`${tools}/slice.json`, "utf8"));

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

describe.skipIf(!hasPython)("the demo model's making", () => {
  test("the corpus follows from its seed, byte for byte", () => {
    const words = [`${tools}/corpus.py`, "--slice", String(sums.conversations)];
    const slice = execFileSync("python3", words, { maxBuffer: 64 * 2 ** 20 });
    expect(slice.length).toBeGreaterThan(10_000);
    expect(sha256(slice)).toBe(sums.corpusSha256);
  });

  test("the tokenizer follows from the corpus, and is the one that the model ships with", () => {
    const folder = mkdtempSync(join(tmpdir(), "quire-tokenizer-"));
    try {
      execFileSync("python3", [`${tools}/tokenizer.py`, folder]);
      expect(sha256(readFileSync(join(folder, "tokenizer.json")))).toBe(sums.tokenizerSha256);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("the shipped tokenizer and the held-out prompts are the ones that were made", () => {
  expect(sha256(readFileSync("public/models/quire-demo/tokenizer.json"))).toBe(sums.tokenizerSha256);
  expect(sha256(readFileSync("test/eval/prompts.jsonl"))).toBe(sums.promptsSha256);
});
