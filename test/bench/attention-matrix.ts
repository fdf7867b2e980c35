import { casesOf, extraCases, mainMatrix } from "../support/attention-cases.ts";
import { difference, execute, prepare, release } from "../support/attention-run.ts";
import { TestGpu } from "../support/gpu.ts";
import { type BenchContext, type Benchmark, countsOption, wordsOption } from "./harness/benchmark.ts";
import { openDawn } from "./harness/dawn.ts";

const KV_TYPES = ["f32", "f16", "int8"] as const;

async function run(context: BenchContext): Promise<void> {
  const { report, signal } = context;
  const test = new TestGpu(await openDawn(report));
  const kvTypes = wordsOption(context, "kv", KV_TYPES);
  const deadlineMs = performance.now() + 1000 * countsOption(context, "seconds")[0]!;
  const matrix = mainMatrix()
    .flatMap(({ forms }) => forms)
    .filter(({ kvType }) => kvTypes.includes(kvType))
    .flatMap((form) => casesOf(form));
  const beside = extraCases(true).flatMap(({ cases }) => cases);
  const wrong: string[] = [];
  let doneCount = 0;
  // Where time runs out, what was run is spread over everything.
  const all = spread([...matrix, ...beside]);
  for (const c of all) {
    signal.throwIfAborted();
    if (performance.now() > deadlineMs) break;
    const prepared = prepare(test, c);
    const different = difference(c, prepared, await execute(test, prepared));
    if (different) wrong.push(`${JSON.stringify(c)}: ${different}`);
    release(prepared);
    doneCount++;
  }
  report.table({
    title: `Attention against its reference, ${kvTypes.join(" and ")} cache`,
    columns: ["cases", "run", "misses"],
    rows: [[all.length, doneCount, wrong.length]],
  });
  for (const line of wrong.slice(0, 10)) report.note(line);
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
    seconds: { type: "string", description: "time after which no further case is begun", default: "60" },
  },
  run,
} satisfies Benchmark;
