import { casesOf, extraCases, type MatrixCase, mainMatrix } from "../support/attention-cases.ts";
import { difference, execute, prepare, release } from "../support/attention-run.ts";
import { TestGpu } from "../support/gpu.ts";
import { type BenchContext, type Benchmark, countsOption, wordsOption } from "./harness/benchmark.ts";
import { openDawn } from "./harness/dawn.ts";

const KV_TYPES = ["f32", "f16", "int8"] as const;

/** What came of a part of the cases. */
interface Outcome {
  readonly doneCount: number;
  readonly wrong: readonly string[];
}

async function run(context: BenchContext): Promise<void> {
  const { report, options } = context;
  const kvTypes = wordsOption(context, "kv", KV_TYPES);
  const matrix = mainMatrix()
    .flatMap(({ forms }) => forms)
    .filter(({ kvType }) => kvTypes.includes(kvType))
    .map((form) => casesOf(form));
  const beside = extraCases(true).flatMap(({ cases }) => cases.map((one) => [one]));
  // Where time runs out, what was run is spread over everything; cases that share kernels stay together.
  const groups = spread([...matrix, ...beside]);
  if (options.shard !== undefined) {
    const [index, count] = countsOption(context, "shard");
    const mine = groups.filter((_, i) => i % count! === index! - 1).flat();
    // The process that asked for this part reports.
    const gpu = await openDawn({ adapter: () => {} });
    console.log(OUTCOME + JSON.stringify(await check(context, new TestGpu(gpu), mine)));
    return;
  }
  await openDawn(report);
  const outcomes = await inProcesses(context, countsOption(context, "processes")[0]!);
  const doneCount = outcomes.reduce((sum, outcome) => sum + outcome.doneCount, 0);
  const wrong = outcomes.flatMap((outcome) => outcome.wrong);
  report.table({
    title: `Attention against its reference, ${kvTypes.join(" and ")} cache`,
    columns: ["cases", "run", "misses"],
    rows: [[groups.flat().length, doneCount, wrong.length]],
  });
  for (const line of wrong.slice(0, 10)) report.note(line);
}

async function check(context: BenchContext, test: TestGpu, cases: readonly MatrixCase[]): Promise<Outcome> {
  const deadlineMs = performance.now() + 1000 * countsOption(context, "seconds")[0]!;
  const wrong: string[] = [];
  let doneCount = 0;
  for (const c of cases) {
    context.signal.throwIfAborted();
    if (performance.now() > deadlineMs) break;
    const prepared = prepare(test, c);
    const different = difference(c, prepared, await execute(test, prepared));
    if (different) wrong.push(`${JSON.stringify(c)}: ${different}`);
    release(prepared);
    doneCount++;
  }
  return { doneCount, wrong };
}

/** Begins the line in which a process says what came of its part. */
const OUTCOME = "outcome: ";

/** The same benchmark in processes side by side, each with a part: compiling is what takes the time. */
async function inProcesses({ options, signal }: BenchContext, count: number): Promise<Outcome[]> {
  const { execFile } = await import("node:child_process");
  const { EventEmitter } = await import("node:events");
  const { promisify } = await import("node:util");
  EventEmitter.setMaxListeners(count + 1, signal);
  const [, program] = process.argv;
  // Bundled it runs by itself.
  const launcher = program!.endsWith(".ts") ? ["tools/run.js", program!] : [program!];
  const parts = Array.from({ length: count }, async (_, i) => {
    const shard = ["--shard", `${i + 1},${count}`];
    const limits = ["--kv", String(options.kv), "--seconds", String(options.seconds)];
    const words = [...launcher, "attention-matrix", ...shard, ...limits];
    const { stdout } = await promisify(execFile)(process.execPath, words, { signal });
    const line = stdout.split("\n").find((text) => text.startsWith(OUTCOME));
    if (!line)
      throw new Error(`part ${i + 1} of ${count} said nothing of its outcome: ${stdout.slice(-500)}`);
    return JSON.parse(line.slice(OUTCOME.length)) as Outcome;
  });
  return Promise.all(parts);
}

/** The same items, each run of them spread over all: every 97th, from each beginning in turn. */
function spread<T>(items: readonly T[]): T[] {
  const STRIDE = 97;
  return Array.from({ length: STRIDE }, (_, first) => items.filter((_, i) => i % STRIDE === first)).flat();
}

export default {
  summary: "attention's conformance matrix on this machine's adapter, for where no test runner is",
  options: {
    kv: { type: "string", description: "how keys and values are stored: f32, f16, int8", default: "f16" },
    processes: { type: "string", description: "processes that share the cases", default: "2" },
    shard: { type: "string", description: "only this part of the cases, of so many: 1,2" },
    seconds: { type: "string", description: "time after which no further case is begun", default: "60" },
  },
  run,
} satisfies Benchmark;
