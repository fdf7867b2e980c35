import { existsSync, readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { run as runProcess } from "../../tools/process.ts";
import { openQuirePage } from "../../tools/quire-page.ts";
import { randomModel } from "../../tools/random-model.ts";
import { type BenchContext, type Benchmark, countsOption } from "./harness/benchmark.ts";
import { interleave, median } from "./harness/samples.ts";
import { shapes } from "./harness/shapes.ts";
import type { Cell } from "./harness/table.ts";
import { randomGguf } from "./peers/gguf.ts";

const models = ".cache/models";
const peers = "test/bench/peers";
const shape = "smollm2-135m";

/** One request's speeds. */
interface Speed {
  /** Prompt tokens per second. */
  readonly prefill: number;
  /** Tokens per second after the first. */
  readonly decode: number;
}

interface Ask {
  readonly prompt: string;
  readonly maxTokens: number;
}

/** What the page keeps of the engines it has loaded, by side. */
declare global {
  var sides: Map<string, (ask: Ask) => Promise<Speed>>;
  var peer: { readonly Wllama: new (paths: { default: string }, options: object) => Wllama };
}

/** As much of wllama as is used; its package is installed by this program, too late for its types. */
interface Wllama {
  loadModel(files: readonly Blob[], options: object): Promise<void>;
  createCompletion(request: object): Promise<{ readonly timings: Record<string, number> }>;
}

const sideColumns = [
  "side",
  "threads",
  { name: "prefill tok/s", digits: 1 },
  { name: "decode tok/s", digits: 1 },
  { name: "prefill vs wllama", digits: 2 },
  { name: "decode vs wllama", digits: 2 },
];

async function run(context: BenchContext): Promise<void> {
  await prepare(context);
  await compareSpeed(context);
  await compareMemory(context);
}

async function prepare({ report }: BenchContext): Promise<void> {
  report.progress("making the files, unless they are there");
  await randomModel(`${models}/${shape}-bf16`, shapes[shape], "bf16");
  await randomGguf(`${models}/${shape}-q8_0.gguf`, shapes[shape]);
  if (existsSync(`${peers}/node_modules/@wllama/wllama`)) return;
  const code = await runProcess("npm", [
    "install",
    "--no-audit",
    "--no-fund",
    "--no-package-lock",
    "--prefix",
    peers,
  ]);
  if (code !== 0) throw new Error(`npm could not install the peers of ${peers}/package.json.`);
}

async function compareSpeed(context: BenchContext): Promise<void> {
  const { report } = context;
  const opened = await openBenchPage("software");
  try {
    const threadCounts = countsOption(context, "threads");
    for (const threads of threadCounts) {
      report.progress(`loading both sides with ${threads} threads`);
      await loadQuire(opened, `quire ${threads}`, { runner: "wasm", wasmThreads: threads });
      await loadWllama(opened, `wllama ${threads}`, threads);
    }
    const speeds = await measureSides(context, opened.page, threadCounts);
    report.progress("the software WebGPU adapter, with few tokens");
    await loadQuire(opened, "webgpu", { runner: "webgpu", contextLen: 256 });
    const software = await ask(opened.page, "webgpu", { prompt: promptText(16, 0), maxTokens: 4 });
    const rows: Cell[][] = threadCounts.flatMap((threads) => {
      const own = speeds(`quire ${threads}`);
      const other = speeds(`wllama ${threads}`);
      const ratios = [own.prefill / other.prefill, own.decode / other.decode];
      return [
        ["Quire, int8", threads, own.prefill, own.decode, ...ratios],
        ["wllama, q8_0", threads, other.prefill, other.decode, 1, 1],
      ];
    });
    rows.push(["Quire, software WebGPU, 16 + 4 tokens", undefined, software.prefill, software.decode]);
    report.table({ title: "Without a graphics card", columns: sideColumns, rows });
  } finally {
    await opened.close();
  }
}

/** Asks all sides in turn; returns the medians by side. */
async function measureSides(
  context: BenchContext,
  page: Page,
  threadCounts: readonly number[],
): Promise<(side: string) => Speed> {
  const { report, signal } = context;
  const option = (name: string) => countsOption(context, name)[0]!;
  const [promptLen, maxTokens, sampleCount] = [option("prompt"), option("tokens"), option("samples")];
  report.adapter(`WebAssembly in Chromium, ${shape}: ${promptLen} prompt tokens, ${maxTokens} generated`);
  const speeds = new Map<string, Speed[]>();
  let asked = 0;
  const side = (name: string) => async () => {
    const speed = await ask(page, name, { prompt: promptText(promptLen, asked++), maxTokens });
    speeds.set(name, [...(speeds.get(name) ?? []), speed]);
    return speed.decode;
  };
  const names = threadCounts.flatMap((threads) => [`quire ${threads}`, `wllama ${threads}`]);
  const sides = Object.fromEntries(names.map((name) => [name, side(name)]));
  await interleave(sides, { warmupCount: 1, sampleCount, signal });
  return (name) => {
    const measured = speeds.get(name)!.slice(-sampleCount);
    return {
      prefill: median(measured.map(({ prefill }) => prefill)),
      decode: median(measured.map(({ decode }) => decode)),
    };
  };
}

const memoryColumns = ["side", { name: "renderer process, peak MB", digits: 0 }];

/** The process of the page and its workers: what the browser itself measures leaves memory that threads share out. */
async function compareMemory(context: BenchContext): Promise<void> {
  const { report, signal } = context;
  const rows: Cell[][] = [];
  for (const side of ["Quire, int8", "wllama, q8_0"]) {
    signal.throwIfAborted();
    report.progress(`memory: ${side}`);
    const opened = await openBenchPage("none");
    try {
      if (side.startsWith("Quire")) await loadQuire(opened, side, { runner: "wasm", contextLen: 2048 });
      else await loadWllama(opened, side, 2);
      await ask(opened.page, side, { prompt: promptText(128, 0), maxTokens: 16 });
      rows.push([side, (await rendererPeakBytes(opened.page)) / 1e6]);
    } finally {
      await opened.close();
    }
  }
  report.table({ title: `Peak memory, ${shape}, from loading to 144 tokens`, columns: memoryColumns, rows });
}

type BenchPage = Awaited<ReturnType<typeof openBenchPage>>;

async function openBenchPage(adapter: "software" | "none") {
  const opened = await openQuirePage({
    adapter,
    folders: { "/models/": models, "/peer/": `${peers}/node_modules/@wllama/wllama/esm` },
  });
  await opened.page.addScriptTag({
    type: "module",
    content: 'import * as peer from "/peer/index.js"; Object.assign(globalThis, { peer, sides: new Map() });',
  });
  await opened.page.waitForFunction(() => "peer" in globalThis);
  return opened;
}

interface QuireOptions {
  readonly runner: "wasm" | "webgpu";
  readonly wasmThreads?: number;
  readonly contextLen?: number;
}

async function loadQuire({ page, urlOf }: BenchPage, side: string, options: QuireOptions): Promise<void> {
  await page.evaluate(
    async ({ side, model, options }) => {
      const engine = await quire.createEngine({ model, contextLen: 2048, ...options });
      sides.set(side, async ({ prompt, maxTokens }) => {
        const settings = { maxTokens, temperature: 0, speculate: false, cacheSalt: String(Math.random()) };
        const { usage, timings } = await engine.generate(prompt, settings).result;
        const { firstTokenMs, totalMs } = timings;
        return {
          prefill: (1000 * usage.promptTokens) / firstTokenMs,
          decode: (1000 * (usage.outputTokens - 1)) / (totalMs - firstTokenMs),
        };
      });
    },
    { side, model: urlOf(`/models/${shape}-bf16/`), options },
  );
}

/** wllama's own timings are taken: they leave out what its JavaScript adds. */
async function loadWllama({ page, urlOf }: BenchPage, side: string, threads: number): Promise<void> {
  await page.evaluate(
    async ({ side, model, wasm, threads }) => {
      const wllama = new peer.Wllama({ default: wasm }, { suppressNativeLog: true });
      const file = await (await fetch(model)).blob();
      await wllama.loadModel([file], { n_ctx: 2048, n_threads: threads, n_gpu_layers: 0 });
      sides.set(side, async ({ prompt, maxTokens }) => {
        const request = { prompt, max_tokens: maxTokens, temperature: 0, ignore_eos: true };
        const { timings } = await wllama.createCompletion(request);
        const { prompt_n, prompt_ms, predicted_n, predicted_ms } = timings;
        return {
          prefill: (1000 * prompt_n!) / prompt_ms!,
          decode: (1000 * (predicted_n! - 1)) / predicted_ms!,
        };
      });
    },
    { side, model: urlOf(`/models/${shape}-q8_0.gguf`), wasm: urlOf("/peer/wasm/wllama.wasm"), threads },
  );
}

function ask(page: Page, side: string, request: Ask): Promise<Speed> {
  return page.evaluate(({ side, request }) => sides.get(side)!(request), { side, request });
}

/** About `length` tokens, another text each time, so that no side finds any of it in a cache. */
function promptText(length: number, seed: number): string {
  let state = seed + 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return `${(state >>> 16) % 10} `;
  })
    .join("")
    .slice(0, length);
}

/** Most memory any of the browser's page processes has had resident; Linux only. */
async function rendererPeakBytes(page: Page): Promise<number> {
  if (process.platform !== "linux") return Number.NaN;
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const peaks = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1])
    .map((kilobytes) => 1024 * Number(kilobytes ?? 0));
  return Math.max(...peaks);
}

export default {
  summary:
    "WebAssembly at the SmolLM2-135M shape, beside wllama and the software WebGPU adapter: speed, memory",
  options: {
    prompt: { type: "string", description: "prompt tokens", default: "128" },
    tokens: { type: "string", description: "tokens to generate", default: "32" },
    threads: { type: "string", description: "thread counts, with commas between", default: "1,2" },
    samples: { type: "string", description: "rounds that count", default: "5" },
  },
  run,
} satisfies Benchmark;
