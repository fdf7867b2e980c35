import { Engine } from "../../../src/engine/engine.ts";
import type { Gpu } from "../../../src/gpu/device.ts";
import { Random } from "../../support/random.ts";
import { type BenchContext, countsOption } from "./benchmark.ts";
import { randomRunner } from "./random-runner.ts";
import { median } from "./samples.ts";
import { lent, serveOne } from "./serving.ts";
import type { ShapeName } from "./shapes.ts";

/** Requests that begin with the same long text: time to first token, cold and warm. */
export async function sharedPrefix(context: BenchContext, gpu: Gpu, shape: ShapeName): Promise<void> {
  const prefixLen = countsOption(context, "prefix")[0]!;
  const model = await randomRunner(gpu, shape, {
    format: "bf16",
    contextLen: prefixLen + 64,
    maxStepTokens: 512,
  });
  const random = new Random(3);
  const ids = (length: number) => Array.from({ length }, () => random.integer(model.config.vocabSize));
  const own = 20;
  const samples: { cold: number; warm: number; computed: number }[] = [];
  for (let i = 0; i < 4; i++) {
    const engine = new Engine(lent(model.runner));
    const prefix = ids(prefixLen);
    const ask = () => serveOne(engine, { promptIds: [...prefix, ...ids(own)], maxTokens: 2 });
    const cold = await ask();
    const warm = await ask();
    const { promptTokens, cachedTokens } = warm.end.usage;
    samples.push({
      cold: cold.end.timings.firstTokenMs,
      warm: warm.end.timings.firstTokenMs,
      computed: promptTokens - cachedTokens,
    });
  }
  model.dispose();
  const [, ...measured] = samples; // the first compiles
  const cold = median(measured.map((sample) => sample.cold));
  const warm = median(measured.map((sample) => sample.warm));
  context.report.table({
    title: `${shape}: a shared prefix of ${prefixLen} tokens and ${own} of its own`,
    columns: [
      "",
      "prompt tokens computed",
      { name: "first token ms", digits: 1 },
      { name: "cold / this", digits: 1 },
    ],
    rows: [
      ["cold", prefixLen + own, cold, 1],
      ["warm", Math.max(...measured.map(({ computed }) => computed)), warm, cold / warm],
    ],
  });
}
