import { Engine } from "../../src/engine/engine.ts";
import type { RequestEnd } from "../../src/engine/request.ts";
import type { Runner, RunnerLimits, SampledToken, StepPlan, StepResult } from "../../src/engine/step.ts";
import type { RequestSpec, Scenario } from "./scenario.ts";

/** What became of a request. */
export interface Outcome {
  readonly spec: RequestSpec;
  readonly tokens: SampledToken[];
  /** Why the engine did not take it. */
  refusal?: unknown;
  end?: RequestEnd;
}

/** Tells the host about each step of a runner: as it is submitted, and just before its result is there. */
export class WatchedRunner implements Runner {
  stepCount = 0;

  constructor(
    readonly inner: Runner,
    readonly onPlan: (plan: StepPlan, step: number) => void,
    readonly onResult: (step: number) => void,
  ) {}

  get limits(): RunnerLimits {
    return this.inner.limits;
  }

  execute(plan: StepPlan): Promise<StepResult> {
    const step = this.stepCount++;
    this.onPlan(plan, step);
    return this.inner.execute(plan).finally(() => this.onResult(step));
  }

  dispose(): void {
    this.inner.dispose();
  }
}

/** Plays a scenario to its end: time is the number of steps, and jumps to the next arrival where nothing runs. */
export class Play {
  readonly outcomes: readonly Outcome[];
  readonly engine: Engine;
  /** Steps that have their result. */
  #doneCount = 0;
  readonly #events: { readonly at: number; readonly happens: () => void }[] = [];
  #liveCount = 0;
  #onIdle = () => {};
  #nowMs = 0;

  constructor(scenario: Scenario, runner: Runner, onPlan: (plan: StepPlan, engine: Engine) => void) {
    const watched = new WatchedRunner(
      runner,
      (plan) => onPlan(plan, this.engine),
      (step) => this.#advance(step + 1),
    );
    // A clock that goes on with every look at it: latencies are above 0, and the same in every run.
    const now = () => (this.#nowMs += 0.01);
    this.engine = new Engine(watched, { ...scenario.options, now });
    this.outcomes = scenario.requests.map((spec) => ({ spec, tokens: [] }));
    for (const outcome of this.outcomes) this.#schedule(outcome.spec.arrivesAt, () => this.#arrive(outcome));
  }

  async run(): Promise<readonly Outcome[]> {
    while (this.#events.length > 0 || this.#liveCount > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
      if (this.#liveCount === 0) this.#advance(Math.max(this.#doneCount, this.#events[0]!.at));
      if (this.#liveCount > 0) await idle;
    }
    return this.outcomes;
  }

  #schedule(at: number, happens: () => void): void {
    const before = this.#events.findIndex((event) => event.at > at);
    this.#events.splice(before < 0 ? this.#events.length : before, 0, { at, happens });
  }

  #advance(doneCount: number): void {
    this.#doneCount = doneCount;
    while (this.#events.length > 0 && this.#events[0]!.at <= doneCount) this.#events.shift()!.happens();
  }

  #arrive(outcome: Outcome): void {
    const { spec, tokens } = outcome;
    const { maxTokens, reader, cancelledAfter, arrivesAt: _, ...options } = spec;
    let id = -1;
    try {
      id = this.engine.add({
        ...options,
        ...(maxTokens === undefined ? {} : { maxTokens }),
        sink: {
          onToken: (token) => {
            tokens.push(token);
            if (tokens.length !== reader.after) return false;
            if (reader.does === "throw") throw new Error("the reader failed");
            if (reader.does === "cancel") this.engine.cancel(id);
            return reader.does === "stop";
          },
          onEnd: (end) => this.#end(outcome, end),
        },
      });
    } catch (refusal) {
      outcome.refusal = refusal;
      return;
    }
    this.#liveCount++;
    if (cancelledAfter !== undefined) {
      this.#schedule(this.#doneCount + cancelledAfter, () => this.engine.cancel(id));
    }
  }

  #end(outcome: Outcome, end: RequestEnd): void {
    if (outcome.end) throw new Error("onEnd was called twice");
    outcome.end = end;
    if (--this.#liveCount === 0) this.#onIdle();
  }
}
