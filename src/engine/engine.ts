import { InputError, WorkerError } from "../errors.ts";
import type { Batch } from "./batch.ts";
import { type EngineSnapshot, Metrics, snapshot } from "./metrics.ts";
import { type EndReason, Request, type RequestOptions } from "./request.ts";
import { Scheduler, type SchedulerOptions } from "./scheduler.ts";
import type { Runner, SampledToken, StepResult } from "./step.ts";

export interface EngineOptions extends SchedulerOptions {
  /** Whether the next step is planned and submitted while one runs; on by default. */
  readonly asynchronous?: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

/** How long the engine goes on before it lets the host handle its own events. */
const TURN_MS = 8;

/** Serves many requests at once on one runner. */
export class Engine {
  readonly #runner: Runner;
  readonly #scheduler: Scheduler;
  readonly #metrics = new Metrics();
  readonly #now: () => number;
  readonly #asynchronous: boolean;
  readonly #requests = new Map<number, Request>();
  /** Submitted steps, oldest first; they never reject. */
  readonly #steps: Promise<void>[] = [];
  #nextId = 0;
  #active = false;
  #turnMs = 0;
  #failureCount = 0;
  #failure: unknown;
  /** Why the engine takes no more requests. */
  #closed: Error | undefined;
  #disposed = false;

  constructor(runner: Runner, options: EngineOptions = {}) {
    const { asynchronous = true, now = () => performance.now() } = options;
    this.#runner = runner;
    const { prefixReuse = true } = runner.capabilities ?? {};
    const { prefixCache = true } = options;
    this.#scheduler = new Scheduler(runner.limits, { ...options, prefixCache: prefixCache && prefixReuse });
    this.#asynchronous = asynchronous;
    this.#now = now;
  }

  /**
   * Takes a request and returns its id. Throws an InputError for a malformed one and a CapacityError for one
   * that cannot fit even alone.
   */
  add(options: RequestOptions): number {
    if (this.#closed) throw this.#closed;
    const request = this.#request(options);
    this.#scheduler.add(request);
    this.#requests.set(request.id, request);
    if (!this.#active) void this.#run();
    return request.id;
  }

  /** Ends a request with reason "cancelled", before this returns. An id that has ended is ignored. */
  cancel(id: number): void {
    const request = this.#requests.get(id);
    if (request) this.#end(request, "cancelled");
  }

  stats(): EngineSnapshot {
    return snapshot(this.#scheduler, this.#metrics, this.#failure);
  }

  /** Throws unless every block and slot is accounted for. */
  checkIntegrity(): void {
    this.#scheduler.checkIntegrity();
  }

  /** Ends all requests with an error and disposes of the runner. */
  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#closed ??= new WorkerError("The engine was disposed of.");
    for (const request of [...this.#requests.values()]) this.#end(request, "error", this.#closed);
    this.#runner.dispose();
  }

  /** Steps until nothing is left to do; `add` starts it again. */
  async #run(): Promise<void> {
    this.#active = true;
    try {
      await Promise.resolve(); // so that requests added together start together
      while (this.#requests.size > 0 || this.#steps.length > 0) {
        const step = this.#steps.length < this.#depth ? this.#step() : undefined;
        if (step) this.#steps.push(step);
        else await this.#oldestStep();
      }
    } catch (error) {
      // Only a bug of the engine's gets here: its state cannot be trusted any more.
      this.#closed ??= error as Error;
      this.#fail(error);
    } finally {
      this.#active = false;
    }
  }

  /** Steps that may be submitted and unfinished; a runner may change its mind about it. */
  get #depth(): number {
    return this.#asynchronous ? (this.#runner.capabilities?.stepsInFlight ?? 2) : 1;
  }

  /** One step, resolved when its result is delivered; `undefined` where there is nothing to plan. */
  #step(): Promise<void> | undefined {
    const batch = this.#scheduler.plan();
    const result = batch && this.#runner.execute(batch.plan);
    return result && this.#commit(batch, result);
  }

  async #commit(batch: Batch, result: Promise<StepResult>): Promise<void> {
    const failureCount = this.#failureCount;
    this.#metrics.addBatch(batch, this.#now());
    try {
      const { sampled, timings } = await result;
      const nowMs = this.#now();
      this.#metrics.addResult(batch, timings);
      this.#scheduler.commit(batch, { sampled, timings }, (request, token) =>
        this.#deliver(request, token, nowMs),
      );
    } catch (error) {
      // A step submitted before the last failure has no live requests left to end.
      if (failureCount === this.#failureCount) this.#fail(error);
    }
  }

  async #oldestStep(): Promise<void> {
    const step = this.#steps.shift();
    if (!step) throw new Error(`no step can be planned for any of ${this.#requests.size} requests`);
    await step;
    // A runner may resolve without the event loop ever turning; messages (a cancel, say) must get through.
    if (this.#now() - this.#turnMs < TURN_MS) return;
    await nextTurn();
    this.#turnMs = this.#now();
  }

  #deliver(request: Request, token: SampledToken, nowMs: number): void {
    try {
      const reason = this.#handOn(request, token, nowMs);
      if (reason) this.#end(request, reason);
    } catch (error) {
      this.#end(request, "error", error);
    }
  }

  /** Hands a token to its sink; returns why the request ends there, where it does. */
  #handOn(request: Request, token: SampledToken, nowMs: number): EndReason | undefined {
    if (request.stopIds.has(token.id)) return "stop";
    request.tokens.push(token.id);
    this.#metrics.addToken(request, nowMs);
    if (request.sink.onToken(token)) return "stop";
    return request.tokens.length >= request.tokenLimit ? "length" : undefined;
  }

  #end(request: Request, reason: EndReason, error?: unknown): void {
    if (request.ended) return;
    request.ended = true;
    this.#requests.delete(request.id);
    this.#scheduler.remove(request);
    this.#metrics.ended[reason]++;
    const { usage } = request;
    const end = { reason, usage, timings: request.timings(this.#now()) };
    try {
      request.sink.onEnd(error === undefined ? end : { ...end, error });
    } catch (thrown) {
      console.error("A request's onEnd threw:", thrown);
    }
  }

  /** Ends everything: what the blocks hold after a failed step is anybody's guess. */
  #fail(error: unknown): void {
    this.#failureCount++;
    this.#failure = error;
    for (const request of [...this.#requests.values()]) this.#end(request, "error", error);
    this.#scheduler.prefixes.clear();
  }

  #request(options: RequestOptions): Request {
    const { promptIds, maxTokens = Number.POSITIVE_INFINITY } = options;
    checkOptions(promptIds, maxTokens, this.#runner.limits.vocabSize);
    const tokenLimit = Math.min(promptIds.length + maxTokens, this.#scheduler.contextLen);
    return new Request(this.#nextId++, options, tokenLimit, this.#now());
  }
}

function checkOptions(promptIds: readonly number[], maxTokens: number, vocabSize: number): void {
  if (promptIds.length === 0) throw new InputError("The prompt is empty: it needs one token at least.");
  const wrong = promptIds.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (wrong >= 0) {
    throw new InputError(
      `Prompt token ${wrong} is ${promptIds[wrong]}: expected an integer from 0 to ${vocabSize - 1}.`,
    );
  }
  if (!(maxTokens >= 1) || (Number.isFinite(maxTokens) && !Number.isInteger(maxTokens))) {
    throw new InputError(`maxTokens is ${maxTokens}: expected a positive integer.`);
  }
}

/** Resolves in a later turn of the event loop; unlike a timer it is never held back. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
