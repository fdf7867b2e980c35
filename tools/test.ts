// The whole check: `npm test`. With --full also the large matrices; further words choose test files.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dawnEnvironment, ensureBrowser } from "./install.ts";
import { run } from "./process.ts";

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const reports = ".cache/test";

async function main(): Promise<void> {
  const full = process.argv.includes("--full");
  const chosen = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const browser = ensureBrowser();
  const env = { ...dawnEnvironment(browser), ...(full ? { QUIRE_FULL: "1" } : {}) };
  const failed: string[] = [];
  for (const step of steps(env, full ? chosen : [])) {
    console.log(`\n--- ${step.name}`);
    if ((await run("npx", [step.command, ...step.args], step.env)) !== 0) failed.push(step.name);
  }
  report(failed);
}

function steps(env: NodeJS.ProcessEnv, chosen: readonly string[]): Step[] {
  const vitest = (project: string): Step => ({
    name: `vitest ${project}`,
    command: "vitest",
    args: [
      "run",
      "--project",
      project,
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${reports}/${project}.json`,
      ...chosen,
    ],
    env,
  });
  const kernels = [vitest("dawn"), vitest("chromium")];
  if (chosen.length > 0) return [vitest("unit"), ...kernels];
  return [
    { name: "format and lint", command: "biome", args: ["ci", "--error-on-warnings"] },
    { name: "types", command: "tsc", args: ["--noEmit"] },
    vitest("unit"),
    ...kernels,
    { name: "build", command: "vite", args: ["build", "--logLevel", "warn"] },
    {
      name: "browser end to end",
      command: "playwright",
      args: ["test"],
      env: { ...env, QUIRE_REPORT: `${reports}/e2e.json` },
    },
  ];
}

/** Ends with the counts of all runners on one line. */
function report(failed: readonly string[]): void {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const project of ["unit", "dawn", "chromium"]) {
    const counts = read(`${reports}/${project}.json`) as
      | { numPassedTests: number; numFailedTests: number; numPendingTests: number }
      | undefined;
    total.passed += counts?.numPassedTests ?? 0;
    total.failed += counts?.numFailedTests ?? 0;
    total.skipped += counts?.numPendingTests ?? 0;
  }
  const e2e = read(`${reports}/e2e.json`) as
    | { stats: { expected: number; unexpected: number; flaky: number; skipped: number } }
    | undefined;
  total.passed += e2e?.stats.expected ?? 0;
  total.failed += (e2e?.stats.unexpected ?? 0) + (e2e?.stats.flaky ?? 0);
  total.skipped += e2e?.stats.skipped ?? 0;
  if (failed.length > 0) console.log(`\nFailed: ${failed.join(", ")}`);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  process.exit(failed.length > 0 || total.failed > 0 ? 1 : 0);
}

function read(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

await main();
