import { type Remote, releaseProxy, wrap } from "comlink";
import { reviveError, WorkerError } from "../errors.ts";
import type { RuntimeApi } from "../protocol.ts";

/**
 * The page's end of a worker. Comlink never settles a call to a worker that dies, so calls are kept track of
 * here and rejected then.
 */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #remote: Remote<RuntimeApi>;
  /** Rejects each call under way. */
  readonly #pending = new Set<(reason: unknown) => void>();
  readonly #onEnd: (reason: WorkerError) => void;
  #endReason: WorkerError | undefined;

  /** `onEnd` is called once, when the worker dies or is ended. */
  constructor(worker: Worker, onEnd: (reason: WorkerError) => void) {
    this.#worker = worker;
    this.#onEnd = onEnd;
    this.#remote = wrap<RuntimeApi>(worker);
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      const cause = event.message || "its script did not load";
      this.end(new WorkerError(`The worker that runs the model died: ${cause}. Create the engine anew.`));
    });
    worker.addEventListener("messageerror", () => {
      this.end(new WorkerError("The worker that runs the model sent a message that cannot be read."));
    });
  }

  /** Why the worker is gone, where it is. */
  get endReason(): WorkerError | undefined {
    return this.#endReason;
  }

  /** Calls the worker; rejects with an error of the right class, a WorkerError where the worker is gone. */
  call<T>(ask: (remote: Remote<RuntimeApi>) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#endReason) return reject(this.#endReason);
      this.#pending.add(reject);
      const settled = () => this.#pending.delete(reject);
      ask(this.#remote)
        .then(resolve, (error) => reject(reviveError(error)))
        .finally(settled);
    });
  }

  /** Tells the worker something whose answer nobody waits for. */
  tell(ask: (remote: Remote<RuntimeApi>) => Promise<unknown>): void {
    this.call(ask).catch(() => {});
  }

  /** Ends the worker; every call under way rejects with `reason`. */
  end(reason: WorkerError): void {
    if (this.#endReason) return;
    this.#endReason = reason;
    this.#remote[releaseProxy]();
    this.#worker.terminate();
    for (const reject of this.#pending) reject(reason);
    this.#pending.clear();
    this.#onEnd(reason);
  }
}
