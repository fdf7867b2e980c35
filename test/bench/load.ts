import { readFileSync, statSync } from "node:fs";
import type { Page } from "@playwright/test";
import { openQuirePage } from "../../tools/quire-page.ts";
import { type RandomFormat, randomModel } from "../../tools/random-model.ts";
import { type BenchContext, type Benchmark, wordsOption } from "./harness/benchmark.ts";
import { type ShapeName, shapes } from "./harness/shapes.ts";
import type { Cell } from "./harness/table.ts";

/** Where the models are made; they may be deleted at any time. */
const folder = ".cache/models";

interface Loading {
  readonly ms: number;
  readonly adapter: string;
  /** Most that `performance.measureUserAgentSpecificMemory` gave while the model loaded: page and worker. */
  readonly peakBytes: number;
  readonly sampleCount: number;
}

declare global {
  interface Performance {
    /** https://wicg.github.io/performance-measure-memory/ */
    measureUserAgentSpecificMemory(): Promise<{ readonly bytes: number }>;
  }
}

const columns = [
  "model",
  "weights",
  { name: "file MB", digits: 0 },
  { name: "seconds", digits: 1 },
  { name: "MB/s", digits: 0 },
  { name: "page + worker peak MB", digits: 0 },
  "samples",
  { name: "renderer process peak MB", digits: 0 },
];

async function run(context: BenchContext): Promise<void> {
  const { report, signal } = context;
  const rows: Cell[][] = [];
  for (const shape of wordsOption(context, "shapes", Object.keys(shapes) as ShapeName[])) {
    for (const format of wordsOption<RandomFormat>(context, "formats", ["f16", "bf16"])) {
      signal.throwIfAborted();
      const name = `${shape}-${format}`;
      report.progress(`${name}: making the files, unless they are there`);
      await randomModel(`${folder}/${name}`, shapes[shape], format);
      report.progress(`${name}: loading`);
      rows.push(await measure(context, name, shape, format));
    }
  }
  report.table({ title: "Loading a model in Chromium", columns, rows });
}

async function measure(
  { report }: BenchContext,
  name: string,
  shape: ShapeName,
  format: RandomFormat,
): Promise<Cell[]> {
  const opened = await openQuirePage({
    folders: { "/models/": folder },
    // Else a measurement waits for the next garbage collection, up to 20 seconds.
    features: ["ForceEagerMeasureMemory"],
  });
  try {
    const { ms, adapter, peakBytes, sampleCount } = await load(opened.page, opened.urlOf(`/models/${name}/`));
    report.adapter(adapter);
    const fileBytes = statSync(`${folder}/${name}/model.safetensors`).size;
    const renderer = await rendererPeakBytes(opened.page);
    const megabytesPerS = fileBytes / 1e6 / (ms / 1000);
    const memory = [peakBytes / 1e6, sampleCount, renderer && renderer / 1e6];
    return [shape, format, fileBytes / 1e6, ms / 1000, megabytesPerS, ...memory];
  } finally {
    await opened.close();
  }
}

/** Loads a model and asks for one token, measuring memory again and again meanwhile. */
function load(page: Page, address: string): Promise<Loading> {
  return page.evaluate(async (model) => {
    if (!crossOriginIsolated) throw new Error("The page should be isolated from other origins; it is not.");
    let peakBytes = 0;
    let sampleCount = 0;
    let loading = true;
    const sampling = (async () => {
      while (loading) {
        const { bytes } = await performance.measureUserAgentSpecificMemory();
        peakBytes = Math.max(peakBytes, bytes);
        sampleCount++;
      }
    })();
    const startedMs = performance.now();
    const engine = await quire.createEngine({ model, runner: "webgpu", contextLen: 1024 });
    const ms = performance.now() - startedMs;
    await engine.generate("a", { maxTokens: 1 }).result;
    loading = false;
    await sampling;
    const { vendor, description, software } = engine.model.adapter;
    const adapter = `${`${vendor} ${description}`.trim()} (${software ? "software" : "hardware"}; Chromium)`;
    engine.dispose();
    return { ms, adapter, peakBytes, sampleCount };
  }, address);
}

/** Most memory any of the browser's page processes has had resident; Linux only. */
async function rendererPeakBytes(page: Page): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const peaks = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1])
    .map((kilobytes) => 1024 * Number(kilobytes));
  return Math.max(...peaks);
}

export default {
  summary: "time and memory that loading a model takes in Chromium, published shapes with random weights",
  options: {
    shapes: {
      type: "string",
      description: "shapes, with commas between",
      default: "smollm2-135m,qwen2-0.5b,llama-3.2-1b",
    },
    formats: { type: "string", description: "weight formats: f16, bf16", default: "bf16" },
  },
  run,
} satisfies Benchmark;
