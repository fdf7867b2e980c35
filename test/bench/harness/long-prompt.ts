import { Engine } from "../../../src/engine/engine.ts";
import type { Runner, StepResult } from "../../../src/engine/step.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { Random } from "../../support/random.ts";
import { type BenchContext, countsOption } from "./benchmark.ts";
import { randomRunner } from "./random-runner.ts";
import { median } from "./samples.ts";
import { gapsOf, lent, serveOne } from "./serving.ts";
import type { ShapeName } from "./shapes.ts";

const STREAM_COUNT = 4;

/** A long prompt arrives while streams run: what it costs them. */
export async function longPrompt(context: BenchContext, gpu: Gpu, shape: ShapeName): Promise<void> {
  const { report } = context;
  const promptLen = countsOption(context, "long")[0]!;
  const model = await randomRunner(gpu, shape, {
    format: "bf16",
    contextLen: promptLen + 48,
    maxStepTokens: 512,
  });
  const random = new Random(2);
  const prompt = (length: number) => Array.from({ length }, () => random.integer(model.config.vocabSize));
  const rows = [];
  for (const stepTokens of countsOption(context, "budgets")) {
    const chunks = Math.ceil(promptLen / (stepTokens - STREAM_COUNT));
    const measure = async () => {
      const { runner, steps } = timedRunner(model.runner);
      const engine = new Engine(runner, { stepTokens, prefixCache: false });
      const job = { promptIds: prompt(16), maxTokens: chunks + 24, speculate: false };
      const streams = Array.from({ length: STREAM_COUNT }, () => serveOne(engine, job));
      while (engine.stats().outputTokens < 10 * STREAM_COUNT)
        await new Promise((resolve) => setTimeout(resolve, 5));
      const long = serveOne(engine, { promptIds: prompt(promptLen), maxTokens: 2 });
      const gaps = gapsOf(await Promise.all(streams));
      const [first] = (await long).tokenMs;
      const budgeted = steps.filter(({ tokenCount }) => tokenCount === stepTokens).map(({ ms }) => ms);
      return { gaps, budgeted, firstTokenMs: first! - (await long).startedMs };
    };
    await measure();
    const { gaps, budgeted, firstTokenMs } = await measure();
    const longest = Math.max(...gaps);
    const step = Math.max(...budgeted);
    rows.push([stepTokens, median(gaps), longest, median(budgeted), step, longest / step, firstTokenMs]);
  }
  model.dispose();
  report.table({
    title: `${shape}: a prompt of ${promptLen} tokens arrives while ${STREAM_COUNT} streams run`,
    columns: [
      "step budget",
      { name: "gap p50 ms", digits: 1 },
      { name: "longest gap ms", digits: 1 },
      { name: "full step p50 ms", digits: 1 },
      { name: "longest full step ms", digits: 1 },
      { name: "longest gap / step", digits: 2 },
      { name: "its first token ms", digits: 0 },
    ],
    rows,
  });
}

/** A runner that notes how long each step took and with how many tokens. */
function timedRunner(runner: Runner) {
  const steps: { readonly tokenCount: number; readonly ms: number }[] = [];
  let latestMs = 0;
  const execute: Runner["execute"] = async (plan): Promise<StepResult> => {
    const submittedMs = performance.now();
    const result = await runner.execute(plan);
    const nowMs = performance.now();
    const tokenCount = plan.sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
    steps.push({ tokenCount, ms: nowMs - Math.max(submittedMs, latestMs) });
    latestMs = nowMs;
    return result;
  };
  return { runner: { ...lent(runner), execute }, steps };
}
