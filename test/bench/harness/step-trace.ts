import type { Runner, StepResult, StepTimings } from "../../../src/engine/step.ts";
import type { Span } from "../../../src/gpu/trace.ts";

/** A runner that notes what each of its steps spent where, as the spans of a trace. */
export class TracedRunner implements Runner {
  readonly limits: Runner["limits"];
  readonly spans: Span[] = [];
  readonly #inner: Runner;

  constructor(inner: Runner) {
    this.#inner = inner;
    this.limits = inner.limits;
  }

  get capabilities() {
    return this.#inner.capabilities ?? { prefixReuse: true, stepsInFlight: 2 };
  }

  async execute(plan: Parameters<Runner["execute"]>[0]): Promise<StepResult> {
    const startMs = performance.now();
    const tokens = plan.sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0);
    const result = await this.#inner.execute(plan);
    this.spans.push(...stepSpans(startMs, result.timings, tokens));
    return result;
  }

  dispose(): void {}
}

/** A step as spans: encoding on the worker's row, the work and its kernels on the GPU's, reading back on a third. */
function stepSpans(startMs: number, timings: StepTimings, tokens: number): Span[] {
  const { encodeMs, runMs, gpuMs = runMs, readBackMs = 0, kernels = [] } = timings;
  const doneMs = startMs + encodeMs + runMs - readBackMs;
  const details = { tokens };
  return [
    { name: "encode", row: "worker", startMs, durationMs: encodeMs, details },
    { name: "step", row: "GPU", startMs: doneMs - gpuMs, durationMs: gpuMs, details },
    ...kernels.map(({ name, startMs: at, durationMs }) => ({
      name,
      row: "kernels",
      startMs: doneMs - gpuMs + at,
      durationMs,
    })),
    { name: "read back", row: "read-back", startMs: doneMs, durationMs: readBackMs, details },
  ];
}
