import { beforeAll, describe, expect, it } from "vitest";
import { extraCases, type MatrixCase, mainMatrix } from "../support/attention-cases.ts";
import { difference, execute, prepare, release } from "../support/attention-run.ts";
import { TestGpu } from "../support/gpu.ts";

let test: TestGpu;
beforeAll(async () => {
  test = await TestGpu.open();
});

async function check(c: MatrixCase): Promise<string | undefined> {
  const prepared = prepare(test, c);
  const wrong = difference(c, prepared, await execute(test, prepared));
  release(prepared);
  return wrong && `${JSON.stringify(c)}: ${wrong}`;
}

describe("attention equals its reference", () => {
  for (const { name, cases } of extraCases([1])) {
    it(`${name}: ${cases.length} cases`, async () => {
      const misses: string[] = [];
      for (const c of cases) misses.push(...[await check(c)].filter((wrong) => wrong !== undefined));
      expect(misses).toEqual([]);
    });
  }
});
void mainMatrix;
