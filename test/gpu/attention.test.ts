import { beforeAll, describe, expect, it } from "vitest";
import {
  casesOf,
  extraCases,
  type MatrixCase,
  mainMatrix,
  PLAIN,
  spreadCasesOf,
  spreadForms,
} from "../support/attention-cases.ts";
import { difference, execute, prepare, release } from "../support/attention-run.ts";
import { TestGpu } from "../support/gpu.ts";

const full = Boolean(import.meta.env.QUIRE_FULL);
/** A software driver compiles for seconds what it then runs in milliseconds. */
const TIMEOUT_MS = full ? 3_600_000 : 600_000;

let test: TestGpu;
beforeAll(async () => {
  test = await TestGpu.open();
});

/** What is wrong with each case, where anything is. */
async function misses(gpu: TestGpu, cases: readonly MatrixCase[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const c of cases) {
    const prepared = prepare(gpu, c);
    const different = difference(c, prepared, await execute(gpu, prepared));
    if (different) wrong.push(`${JSON.stringify(c)}: ${different}`);
    release(prepared);
  }
  return wrong;
}

describe.skipIf(full)("attention equals its reference over a spread of the matrix", () => {
  for (const form of spreadForms()) {
    const cases = spreadCasesOf(form);
    const { headCount, kvHeadCount, headDim, kvType, blockSize, window, softcap } = form;
    const name = `${headCount}/${kvHeadCount} heads of ${headDim}, ${kvType} in blocks of ${blockSize}`;
    it(`${name}, window ${window}, softcap ${softcap}: ${cases.length} cases`, {
      timeout: TIMEOUT_MS,
    }, async () => {
      expect(await misses(test, cases)).toEqual([]);
    });
  }
});

describe.runIf(full)("attention equals its reference over the whole matrix", () => {
  for (const { name, forms } of mainMatrix()) {
    const cases = forms.flatMap((form) => casesOf(form));
    it(`${name}: ${cases.length} cases`, { timeout: TIMEOUT_MS }, async () => {
      // A device of their own: a driver keeps what it compiled for as long as the device lives.
      const own = await TestGpu.open();
      expect(await misses(own, cases)).toEqual([]);
      own.device.destroy();
    });
  }
});

describe("attention equals its reference beside the matrix", () => {
  for (const { name, cases } of extraCases(full)) {
    it(`${name}: ${cases.length} cases`, { timeout: TIMEOUT_MS }, async () => {
      expect(await misses(test, cases)).toEqual([]);
    });
  }
});

describe.runIf(full)("attention equals its reference over 65,536 keys", () => {
  for (const kvType of ["f16", "int8"] as const) {
    for (const mode of ["split", "unified"] as const) {
      it(`${kvType}, ${mode}`, { timeout: TIMEOUT_MS }, async () => {
        const sequences = [
          [1, 65_536],
          [3, 65_536],
          [20, 65_536],
        ] as const;
        expect(await misses(test, [{ ...PLAIN, sequences, kvType, mode, kvHeadCount: 1 }])).toEqual([]);
      });
    }
  }
});

it("the reference tells a wrong result from a right one", async () => {
  const c = { ...PLAIN, sequences: [[2, 40]] as const };
  const prepared = prepare(test, c);
  const output = await execute(test, prepared);
  expect(difference(c, prepared, output)).toBeUndefined();
  expect(difference({ ...c, window: 20 }, prepared, output)).toBeUndefined(); // the wanted rows are the prepared ones
  expect(difference(c, prepare(test, { ...c, window: 20 }), output)).toContain("wanted");
  output[output.length - 1] = Number.NaN;
  expect(difference(c, prepared, output)).toContain("got NaN");
});
