import { existsSync, readFileSync } from "node:fs";
import { Tokenizer } from "../../src/text/tokenizer.ts";
import { GraphBuilder, type WeightForm } from "../../src/wasm/graph-builder.ts";
import { byteCount, CONTRIB, type OnnxGraph } from "../../src/wasm/onnx-writer.ts";
import type { Ort } from "../../src/wasm/ort.ts";
import type { WasmRunner } from "../../src/wasm/wasm-runner.ts";
import { folderSource } from "../../tools/folder-source.ts";
import { greedy } from "../support/greedy.ts";
import { Random } from "../support/random.ts";
import { openOrt, openRunner } from "../support/wasm-runner.ts";
import type { BenchContext, Benchmark } from "./harness/benchmark.ts";
import type { Cell } from "./harness/table.ts";

const INPUTS = 576;
const OUTPUTS = 1536;
const BLOCK = 32;
const data = "../shared/data";
const CHARACTERS = 8000;
/** Tokens that are scored in one go, each given those before it. */
const WINDOW = 256;

const models = [
  { name: "stories260K", folder: `${data}/models/stories260K-hf-f32` },
  { name: "demo model", folder: "public/models/quire-demo" },
];

async function run({ report, signal }: BenchContext): Promise<void> {
  report.adapter("WebAssembly in Node, one thread");
  const ort = await openOrt();
  const rows: Cell[][] = [];
  for (const [form, graph] of Object.entries(productForms())) {
    signal.throwIfAborted();
    rows.push([form, ...(await productSpeeds(ort, graph))]);
  }
  const columns = ["form", ...ROW_COUNTS.map((count) => ({ name: `${count} rows, Gop/s`, digits: 1 }))];
  report.table({ title: `A product of ${OUTPUTS} outputs and ${INPUTS} inputs`, columns, rows });
  await comparePerplexity({ report, signal });
}

const ROW_COUNTS = [1, 4, 32];

/** One product in each form that onnxruntime has for weights. */
function productForms(): Record<string, OnnxGraph> {
  const own = (form: WeightForm): OnnxGraph => {
    const builder = new GraphBuilder(form);
    const matrix = { tensors: ["w"], biases: undefined, rowCount: OUTPUTS, rowSize: INPUTS };
    builder.linear(builder.input("x", INPUTS), matrix, "y");
    builder.output("y", OUTPUTS);
    return builder.stage.graph;
  };
  return {
    f32: own("f32"),
    int8: own("int8"),
    "MatMulNBits, 8 bits": blocks(8),
    "MatMulNBits, 4 bits": blocks(4),
  };
}

function blocks(bits: number): OnnxGraph {
  const blockCount = INPUTS / BLOCK;
  return {
    inputs: [{ name: "x", type: "f32", shape: ["rows", INPUTS] }],
    outputs: [{ name: "y", type: "f32", shape: ["rows", OUTPUTS] }],
    constants: [
      { name: "w", type: "u8", shape: [OUTPUTS, blockCount, (BLOCK * bits) / 8] },
      { name: "s", type: "f32", shape: [OUTPUTS * blockCount] },
    ],
    nodes: [
      {
        op: "MatMulNBits",
        domain: CONTRIB,
        inputs: ["x", "w", "s"],
        outputs: ["y"],
        integers: { K: INPUTS, N: OUTPUTS, bits, block_size: BLOCK, accuracy_level: 4 },
      },
    ],
  };
}

/** Multiplications and additions per nanosecond, by the number of rows. */
async function productSpeeds(ort: Ort, graph: OnnxGraph): Promise<number[]> {
  const random = new Random(1);
  const placed = graph.constants
    .filter(({ bytes }) => !bytes)
    .map((constant) => {
      const pointer = ort.take(byteCount(constant));
      const bytes = ort.bytes(pointer, byteCount(constant));
      if (constant.type === "f32")
        ort.floats(pointer, bytes.length / 4).set(random.normals(bytes.length / 4, 0.05));
      else bytes.set(Uint8Array.from(bytes, (_, i) => i * 37));
      return { constant, pointer };
    });
  const session = await ort.session(graph, placed);
  const speeds = ROW_COUNTS.map((rowCount) => {
    const input = ort.take(4 * rowCount * INPUTS);
    ort.floats(input, rowCount * INPUTS).set(random.normals(rowCount * INPUTS));
    const tensors = [
      ort.tensor("f32", input, [rowCount, INPUTS]),
      ort.tensor("f32", ort.take(4 * rowCount * OUTPUTS), [rowCount, OUTPUTS]),
    ] as const;
    const samples = Array.from({ length: 30 }, () => {
      const started = performance.now();
      session.run([tensors[0]], [tensors[1]]);
      return performance.now() - started;
    });
    // The best of them: what else runs on the machine can only slow a product down.
    return (2 * rowCount * INPUTS * OUTPUTS) / Math.min(...samples) / 1e6;
  });
  session.dispose();
  return speeds;
}

async function comparePerplexity({ report, signal }: Pick<BenchContext, "report" | "signal">): Promise<void> {
  const textFile = `${data}/text/tinyshakespeare.txt`;
  if (!existsSync(textFile)) return report.note(`No perplexity: ${textFile} is not there.`);
  const text = readFileSync(textFile, "utf8").slice(0, CHARACTERS);
  const rows: Cell[][] = [];
  for (const { name, folder } of models) {
    const json = (file: string) => JSON.parse(readFileSync(`${folder}/${file}`, "utf8"));
    const ids = new Tokenizer(json("tokenizer.json"), json("tokenizer_config.json")).encodePrompt(text);
    const found: number[] = [];
    for (const form of ["f32", "int8"] as const) {
      signal.throwIfAborted();
      const runner = await openRunner(folderSource(folder), { form });
      found.push(await perplexity(runner, ids));
      runner.dispose();
    }
    rows.push([name, ids.length, ...found, 100 * (found[1]! / found[0]! - 1)]);
  }
  const digits = (name: string) => ({ name, digits: 3 });
  const columns = ["model", "tokens", digits("f32"), digits("int8"), digits("int8 adds %")];
  report.table({ title: `Perplexity on ${CHARACTERS} characters of Shakespeare`, columns, rows });
}

/** exp of the mean surprise at each token, given those before it in its window. */
async function perplexity(runner: WasmRunner, ids: readonly number[]): Promise<number> {
  const { maxStepTokens, blockSize } = runner.limits;
  const table = Array.from({ length: WINDOW / blockSize }, (_, i) => i);
  let surprise = 0;
  let count = 0;
  for (let start = 0; start + 1 < ids.length; start += WINDOW) {
    const window = ids.slice(start, start + WINDOW + 1);
    for (let position = 0; position + 1 < window.length; position += maxStepTokens) {
      const tokens = window.slice(position, Math.min(position + maxStepTokens, window.length - 1));
      const step = { slot: 0, tokens, position, blocks: table, sampleCount: tokens.length, sampling: greedy };
      await runner.execute({ sequences: [step] });
      for (let i = 0; i < tokens.length; i++)
        surprise -= logProbability(runner.logits(i), window[position + i + 1]!);
      count += tokens.length;
    }
  }
  return Math.exp(surprise / count);
}

function logProbability(logits: Float32Array, token: number): number {
  const peak = logits.reduce((most, logit) => Math.max(most, logit));
  return logits[token]! - peak - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - peak), 0));
}

export default {
  summary: "the forms WebAssembly can hold weights in: speed of a product, and what int8 costs in perplexity",
  run,
} satisfies Benchmark;
