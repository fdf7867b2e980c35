// The whole check: `npm test`. With --full also the large matrices; further words choose test files.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dawnEnvironment, ensureBrowser } from "./install.ts";
import { run, runAside } from "./process.ts";

interface Step {
  readonly name: string;
  /** Runs beside the steps around it: each of the two software drivers by itself leaves half of two cores idle. */
  readonly aside?: boolean;
  /** Begins when all that runs aside has ended: it drives a page that must not wait for a busy machine. */
  readonly alone?: boolean;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const reports = ".cache/test";
const vitestProjects = ["unit", "dawn", "chromium", "golden"];

async function main(): Promise<void> {
  const full = process.argv.includes("--full");
  const chosen = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  rmSync(reports, { recursive: true, force: true });
  mkdirSync(reports, { recursive: true });
  const browser = ensureBrowser();
  const env = { ...dawnEnvironment(browser), ...(full ? { QUIRE_FULL: "1" } : {}) };
  const failed: string[] = [];
  const all = full ? steps(env, "verbose", chosen) : steps(env, "default", []);
  const aside = all.filter((step) => step.aside).map((step) => perform(step, failed));
  for (const step of all) {
    if (step.alone) await Promise.all(aside);
    if (!step.aside) await perform(step, failed);
  }
  await Promise.all(aside);
  report(failed);
}

async function perform({ name, aside, command, args, env }: Step, failed: string[]): Promise<void> {
  const start = aside ? runAside : run;
  console.log(`\n--- ${name}${aside ? " (beside the next ones)" : ""}`);
  if ((await start("npx", [command, ...args], env)) !== 0) failed.push(name);
}

/** `verbose` names each test as it ends: a file of the large matrices takes an hour. */
type Reporter = "default" | "verbose";

function steps(env: NodeJS.ProcessEnv, reporter: Reporter, chosen: readonly string[]): Step[] {
  const vitest = (project: string): Step => ({
    name: `vitest ${project}`,
    aside: project === "chromium",
    alone: project === "golden",
    command: "vitest",
    args: [
      "run",
      "--project",
      project,
      `--reporter=${reporter}`,
      "--reporter=json",
      `--outputFile=${reports}/${project}.json`,
      ...(chosen.length > 0 ? ["--passWithNoTests", ...chosen] : []),
    ],
    env,
  });
  const projects = vitestProjects.map(vitest);
  if (chosen.length > 0) return projects;
  return [
    { name: "format and lint", command: "biome", args: ["ci", "--error-on-warnings"] },
    { name: "types", command: "tsc", args: ["--noEmit"] },
    ...projects,
    { name: "build", command: "vite", args: ["build", "--logLevel", "warn"] },
    {
      name: "browser end to end",
      command: "playwright",
      args: ["test"],
      env: { ...env, QUIRE_REPORT: `${reports}/e2e.json` },
    },
  ];
}

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Ends with the counts of all runners on one line. */
function report(failedSteps: readonly string[]): void {
  const all = [...vitestProjects.map(vitestCounts), playwrightCounts()];
  const sum = (name: keyof Counts) => all.reduce((total, counts) => total + counts[name], 0);
  const failed = sum("failed");
  if (failedSteps.length > 0) console.log(`\nFailed: ${failedSteps.join(", ")}`);
  // A step that failed without a test to its name, such as the linter, counts as one.
  console.log(
    `\n${sum("passed")} passed, ${Math.max(failed, failedSteps.length)} failed, ${sum("skipped")} skipped`,
  );
  process.exit(failedSteps.length > 0 || failed > 0 ? 1 : 0);
}

function vitestCounts(project: string): Counts {
  const report = read(`${reports}/${project}.json`);
  const { numPassedTests: passed = 0, numFailedTests: failed = 0, numPendingTests: skipped = 0 } = report;
  return { passed, failed, skipped };
}

function playwrightCounts(): Counts {
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = read(`${reports}/e2e.json`).stats ?? {};
  return { passed: expected, failed: unexpected + flaky, skipped };
}

/** What both runners write, as far as it is read here; nothing where a runner did not get to write. */
interface RunnerReport {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly stats?: { expected: number; unexpected: number; flaky: number; skipped: number };
}

function read(path: string): RunnerReport {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return {};
  }
}

await main();
