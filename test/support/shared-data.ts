import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";

const root = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** The file path of something in the folder of shared test data; undefined where that is not there. */
export function sharedData(path: string): string | undefined {
  const file = root + path;
  return existsSync(file) ? file : undefined;
}

/** A text file of the shared test data. Raises an error where it is not there. */
export function readSharedText(path: string): string {
  return readFileSync(root + path, "utf8");
}

/** A `describe` whose tests need shared test data: without it they skip, and one line says so. */
export function describeWithData(name: string, paths: readonly string[], tests: () => void): void {
  const missing = paths.filter((path) => sharedData(path) === undefined);
  if (missing.length === 0) {
    describe(name, () => tests());
    return;
  }
  console.warn(`Skipped: ${name} (no ../shared/data/${missing.join(", ")})`);
  // Its body would read the data while the tests are collected.
  describe.skip(name, () => test("needs shared data", () => {}));
}
