import {
  MAX_DECODE_TOKENS,
  type Runner,
  type RunnerCapabilities,
  type RunnerLimits,
  SAMPLED,
  type SampledToken,
  type SequenceStep,
  type StepPlan,
  type StepResult,
} from "../engine/step.ts";
import type { LlamaConfig } from "../model/config.ts";
import type { KvPlan } from "../model/kv-cache.ts";
import { type ActivationSizes, Activations } from "./activations.ts";
import { attentionGraph, qkvSize } from "./llama-graph.ts";
import type { Ort, Session } from "./ort.ts";
import { type LayerTensors, PagedKv } from "./paged-kv.ts";
import { Rotation } from "./rotation.ts";
import { TYPE_BYTES, toFloats } from "./row-cutter.ts";
import { Sampler } from "./sampler.ts";
import type { WasmWeights } from "./weight-feed.ts";

export interface WasmRunnerOptions {
  readonly ort: Ort;
  readonly config: LlamaConfig;
  /** Disposed of by whoever made them. */
  readonly weights: WasmWeights;
  readonly kvPlan: KvPlan;
  readonly maxSequences: number;
  readonly maxStepTokens: number;
}

/** A sequence of a step, with its cache and the first of its rows. */
interface Part {
  readonly sequence: SequenceStep;
  readonly layers: readonly LayerTensors[];
  readonly firstRow: number;
}

/** Runs steps of a Llama on the CPU, in WebAssembly: products over all rows at once, attention row by row. */
export class WasmRunner implements Runner {
  readonly limits: RunnerLimits;
  /** A step runs while its caller waits, so a second one in flight would only come late. */
  readonly capabilities: RunnerCapabilities = { prefixReuse: true, stepsInFlight: 1 };
  readonly #ort: Ort;
  readonly #config: LlamaConfig;
  readonly #weights: WasmWeights;
  readonly #attention: Session;
  readonly #kv: PagedKv;
  readonly #activations: Activations;
  readonly #rotation: Rotation;
  readonly #sampler: Sampler;
  readonly #lastSampled: Int32Array;
  /** The latest step; it never rejects. */
  #latest: Promise<unknown> = Promise.resolve();
  #disposed = false;

  private constructor(options: WasmRunnerOptions, attention: Session) {
    const { ort, config, kvPlan, maxSequences, maxStepTokens } = options;
    this.#ort = ort;
    this.#config = config;
    this.#weights = options.weights;
    this.#attention = attention;
    this.limits = {
      blockSize: kvPlan.blockSize,
      blockCount: kvPlan.blockCount,
      maxSequences,
      maxStepTokens,
      contextLen: kvPlan.contextLen,
      vocabSize: config.vocabSize,
    };
    this.#kv = new PagedKv(ort, config, kvPlan, maxSequences);
    this.#activations = new Activations(ort, config, activationSizes(options));
    this.#rotation = new Rotation(config);
    this.#sampler = new Sampler(config.vocabSize);
    this.#lastSampled = new Int32Array(maxSequences);
  }

  static async open(options: WasmRunnerOptions): Promise<WasmRunner> {
    return new WasmRunner(options, await options.ort.session(attentionGraph(options.config)));
  }

  execute(plan: StepPlan): Promise<StepResult> {
    const result = this.#latest.then(() => this.#run(plan));
    this.#latest = result.catch(() => {});
    return result;
  }

  /** A copy of the logits that the latest step's `sample`-th token was chosen by. */
  logits(sample: number): Float32Array {
    const { vocabSize } = this.limits;
    return this.#ort.floats(this.#activations.logits + 4 * sample * vocabSize, vocabSize).slice();
  }

  stats(): Readonly<Record<string, unknown>> {
    return { threadCount: this.#ort.threadCount, wasmMemoryBytes: this.#ort.memoryBytes };
  }

  /** Frees everything but the weights; steps that have not begun by then reject. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#kv.dispose();
    this.#activations.dispose();
    this.#attention.dispose();
  }

  #run({ sequences }: StepPlan): StepResult {
    if (this.#disposed) throw new Error("The runner was disposed of.");
    const started = performance.now();
    const parts = this.#parts(sequences);
    const rowCount = sequences.reduce((sum, { tokens }) => sum + tokens.length, 0);
    this.#embed(parts);
    const encoded = performance.now();
    const final = this.#forward(parts, rowCount);
    const sampled = this.#sample(parts, final);
    return { sampled, timings: { encodeMs: encoded - started, runMs: performance.now() - encoded } };
  }

  #parts(sequences: readonly SequenceStep[]): Part[] {
    let firstRow = 0;
    return sequences.map((sequence) => {
      const { slot, tokens, blocks, position, history } = sequence;
      if (history) this.#sampler.remember(slot, history);
      const layers = this.#kv.open(slot, blocks, position, position + tokens.length);
      const part = { sequence, layers, firstRow };
      firstRow += tokens.length;
      return part;
    });
  }

  #embed(parts: readonly Part[]): void {
    const { hiddenSize } = this.#config;
    const { pointer, type } = this.#weights.embedding;
    const rowBytes = hiddenSize * TYPE_BYTES[type];
    for (const { sequence, firstRow } of parts) {
      for (const [i, token] of sequence.tokens.entries()) {
        const id = token === SAMPLED ? this.#lastSampled[sequence.slot]! : token;
        const row = this.#ort.floats(
          this.#activations.hidden[0] + 4 * (firstRow + i) * hiddenSize,
          hiddenSize,
        );
        toFloats(this.#ort.bytes(pointer + id * rowBytes, rowBytes), type, row);
      }
    }
  }

  /** All layers; returns which of the two residual streams holds the final hidden states. */
  #forward(parts: readonly Part[], rowCount: number): 0 | 1 {
    const { hidden, qkv, attended } = this.#activations.tensors(rowCount);
    const [first, ...stages] = this.#weights.layers;
    first!.run([hidden[0]], [qkv]);
    let current: 0 | 1 = 0;
    for (const [layer, stage] of stages.entries()) {
      this.#rotate(parts);
      for (const part of parts) this.#attend(part, layer);
      const next: 0 | 1 = current === 0 ? 1 : 0;
      const isLast = layer === stages.length - 1;
      stage.run([attended, hidden[current]], isLast ? [hidden[next]] : [hidden[next], qkv]);
      current = next;
    }
    return current;
  }

  /** Rotates the queries and keys of all rows. */
  #rotate(parts: readonly Part[]): void {
    const size = qkvSize(this.#config);
    for (const { sequence, firstRow } of parts) {
      for (let i = 0; i < sequence.tokens.length; i++) {
        const row = this.#ort.floats(this.#activations.qkv + 4 * (firstRow + i) * size, size);
        this.#rotation.apply(row, sequence.position + i);
      }
    }
  }

  /**
   * Row by row, because GroupQueryAttention takes many times longer for several rows at once, and because a
   * row's result must not depend on the rows beside it.
   */
  #attend({ sequence, layers, firstRow }: Part, layer: number): void {
    const { rows, position, length } = this.#activations;
    const { keys, values } = layers[layer]!;
    const end = sequence.position + sequence.tokens.length;
    for (let at = sequence.position, row = firstRow; at < end; at++, row++) {
      const { qkv, attended } = rows[row]!;
      this.#ort.integers(position.pointer, 1)[0] = at;
      this.#ort.integers(length.pointer, 1)[0] = at + 1;
      const inputs = [qkv, keys, values, position.tensor, length.tensor];
      this.#attention.run(inputs, [attended, keys, values]);
    }
    this.#kv.store(sequence.slot, layer, sequence.blocks, sequence.position, end);
  }

  #sample(parts: readonly Part[], final: 0 | 1): SampledToken[][] {
    const { headInput, hidden, logits } = this.#activations;
    const { hiddenSize, vocabSize } = this.#config;
    let sampleCount = 0;
    for (const { sequence, firstRow } of parts) {
      const count = sequence.sampleCount;
      const from = hidden[final] + 4 * (firstRow + sequence.tokens.length - count) * hiddenSize;
      const to = headInput + 4 * sampleCount * hiddenSize;
      this.#ort.floats(to, count * hiddenSize).set(this.#ort.floats(from, count * hiddenSize));
      sampleCount += count;
    }
    if (sampleCount > 0) {
      const head = this.#activations.headTensors(sampleCount);
      this.#weights.head.run([head.input], [head.logits]);
    }
    let row = 0;
    return parts.map(({ sequence }) =>
      Array.from({ length: sequence.sampleCount }, (_, i) => {
        const values = this.#ort.floats(logits + 4 * row++ * vocabSize, vocabSize);
        return this.#choose(sequence, i, values);
      }),
    );
  }

  /** The successor of the `index`-th of the input tokens that get one. */
  #choose({ slot, sampling, ...sequence }: SequenceStep, index: number, logits: Float32Array): SampledToken {
    const { position, tokens, sampleCount } = sequence;
    const at = position + tokens.length - sampleCount + 1 + index;
    const token = this.#sampler.choose(logits, slot, at, sampling);
    this.#lastSampled[slot] = token.id;
    return token;
  }
}

export function activationSizes({
  maxSequences,
  maxStepTokens,
}: Pick<WasmRunnerOptions, "maxSequences" | "maxStepTokens">): ActivationSizes {
  return {
    rowCount: maxStepTokens,
    sampleCount: Math.min(maxStepTokens, maxSequences * MAX_DECODE_TOKENS),
  };
}
