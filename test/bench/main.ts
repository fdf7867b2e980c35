// The benchmarks: `npm run bench -- <name> [--full] [options]`. Without a name: the list of them.
import { parseArgs } from "node:util";
import { InputError } from "../../src/errors.ts";
import { isUsageError } from "../../tools/usage-error.ts";
import type { BenchContext, Benchmark, BenchOption } from "./harness/benchmark.ts";
import { Report } from "./harness/report.ts";

/** Each file of this folder with a default export is a benchmark; the others serve them. */
const files = import.meta.glob<Benchmark | undefined>(["./*.ts", "!./main.ts"], { import: "default" });

const common: Record<string, BenchOption> = {
  full: { type: "boolean", default: false, description: "the sizes of a real GPU" },
  help: { type: "boolean", default: false, description: "what there is to choose" },
};

async function main(words: readonly string[]): Promise<void> {
  const [name, ...rest] = words;
  if (name === undefined || name.startsWith("-")) return list();
  const benchmark = await files[`./${name}.ts`]?.();
  if (!benchmark) {
    const names = (await allBenchmarks()).map(([each]) => each);
    throw new InputError(`There is no benchmark "${name}". Expected one of: ${names.join(", ")}.`);
  }
  const { values } = parseArgs({ args: rest, options: { ...common, ...benchmark.options } });
  const { full = false, help = false, ...options } = values as Record<string, string | boolean>;
  if (help) return showOptions(name, benchmark);
  await run(name, benchmark, { full: full === true, options });
}

async function run(
  name: string,
  benchmark: Benchmark,
  { full, options }: Pick<BenchContext, "full" | "options">,
): Promise<void> {
  const cancel = new AbortController();
  // The first Ctrl-C lets the program close what it opened; the second ends it.
  process.once("SIGINT", () => cancel.abort(new Error("Cancelled.")));
  const report = new Report(name, { full, options });
  await benchmark.run({ full, options, report, signal: cancel.signal });
  process.stdout.write(`Report: ${report.path}\n`);
}

async function list(): Promise<void> {
  const lines = (await allBenchmarks()).map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`);
  process.stdout.write(
    `npm run bench -- <name> [--full] [options]\n\n${lines.join("\n")}\n\nA name with --help lists its options.\n`,
  );
}

function showOptions(name: string, benchmark: Benchmark): void {
  const lines = Object.entries({ ...benchmark.options, ...common }).map(
    ([option, { description, default: value }]) =>
      `  --${option.padEnd(16)} ${description}${value === undefined || value === false ? "" : ` (${value})`}`,
  );
  process.stdout.write(`${name}: ${benchmark.summary}\n\n${lines.join("\n")}\n`);
}

async function allBenchmarks(): Promise<[string, Benchmark][]> {
  const all = await Promise.all(
    Object.entries(files).map(async ([path, load]) => [path.slice(2, -".ts".length), await load()] as const),
  );
  return all.filter((entry): entry is [string, Benchmark] => entry[1] !== undefined);
}

try {
  await main(process.argv.slice(2));
  process.exit(0); // Dawn's threads would keep the process
} catch (error) {
  process.stderr.write(`${isUsageError(error) ? error.message : (error as Error).stack}\n`);
  process.exit(1);
}
