/** When a step was submitted, when its work was done and when its result was there. */
export interface StepTimes {
  readonly submittedMs: number;
  readonly doneMs: number;
  readonly readMs: number;
}

/** Weight of the latest step in the averages. */
const LATEST_SHARE = 1 / 8;
const MOST_IN_FLIGHT = 8;
/** Of a step's work, what a read-back may be late without the GPU running dry. */
const SLACK = 0.5;

/** How long steps work and how long their results take to arrive, and what follows for the depth of the line. */
export class StepPace {
  /** When the latest finished step was done. */
  #idleSinceMs = 0;
  #gpuMs = 0;
  #readBackMs = 0;

  /** Takes steps in their order, and tells a step's own time from its wait behind the one before. */
  add({ submittedMs, doneMs, readMs }: StepTimes): { gpuMs: number; readBackMs: number } {
    const gpuMs = Math.max(0, doneMs - Math.max(submittedMs, this.#idleSinceMs));
    const readBackMs = Math.max(0, readMs - doneMs);
    const share = this.#idleSinceMs === 0 ? 1 : LATEST_SHARE;
    this.#idleSinceMs = doneMs;
    this.#gpuMs += share * (gpuMs - this.#gpuMs);
    this.#readBackMs += share * (readBackMs - this.#readBackMs);
    return { gpuMs, readBackMs };
  }

  /**
   * Steps to have submitted at once so that the GPU has work while results are read back: one at work, and as
   * many behind it as end before its result is there. Two at least, for the host needs time to plan as well.
   */
  get stepsInFlight(): number {
    const behind = this.#gpuMs > 0 ? Math.ceil(this.#readBackMs / this.#gpuMs + SLACK) : 1;
    return Math.min(MOST_IN_FLIGHT, 1 + Math.max(1, behind));
  }
}
