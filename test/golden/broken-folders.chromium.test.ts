import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openQuirePage, type QuirePage } from "../../tools/quire-page.ts";
import type { Bytes } from "../support/memory-source.ts";
import { breakages, tinyFolder } from "./broken-folders.ts";

const root = mkdtempSync(join(tmpdir(), "quire-broken-"));
let opened: QuirePage;

beforeAll(async () => {
  writeFolder("sound", tinyFolder());
  for (const [i, breakage] of breakages.entries()) writeFolder(`broken-${i}`, tinyFolder(breakage));
  opened = await openQuirePage({ adapter: "software", folders: { "/models/": root } });
});

afterAll(async () => {
  await opened?.close();
  rmSync(root, { recursive: true });
});

function writeFolder(name: string, files: ReadonlyMap<string, Bytes>): void {
  mkdirSync(join(root, name));
  for (const [path, bytes] of files) writeFileSync(join(root, name, path), bytes);
}

test("a page is told what is wrong with each broken folder, and runs a sound model after all of them", async () => {
  const failures = await opened.page.evaluate(async (count) => {
    const failures: string[] = [];
    for (let i = 0; i < count; i++) {
      const loading = quire.createEngine({ model: `/models/broken-${i}/`, runner: "webgpu" });
      failures.push(await loading.then(String, (error) => `${error.name}: ${error.message}`));
    }
    return failures;
  }, breakages.length);
  for (const [i, { name, message }] of breakages.entries()) {
    expect(failures[i], name).toMatch(/^ModelError: /);
    expect(failures[i], name).toMatch(message);
  }
  const tokenCount = await opened.page.evaluate(async () => {
    const engine = await quire.createEngine({ model: "/models/sound/", runner: "webgpu" });
    const { tokenIds } = await engine.generate("Hi", { maxTokens: 4, temperature: 0 }).result;
    engine.dispose();
    return tokenIds.length;
  });
  expect(tokenCount).toBe(4);
});
