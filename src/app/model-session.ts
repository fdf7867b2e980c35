import { createEngine, type Engine, type LoadProgress } from "../index.ts";
import { runnerFromUrl } from "./model-address.ts";

/** What the page has in the way of a model. */
export type SessionState =
  | { readonly kind: "none" }
  | { readonly kind: "loading"; readonly address: string; readonly progress: LoadProgress }
  | { readonly kind: "ready"; readonly address: string; readonly engine: Engine }
  | { readonly kind: "cancelled"; readonly address: string }
  | { readonly kind: "failed"; readonly address: string; readonly error: Error }
  | { readonly kind: "lost"; readonly address: string; readonly error: Error };

const start: LoadProgress = { phase: "open", loadedBytes: 0, totalBytes: 0 };

/** One model at a time: loads it, cancels, replaces it, and notices that it is gone. */
export class ModelSession {
  readonly #onChange: (state: SessionState) => void;
  #state: SessionState = { kind: "none" };
  #loading: AbortController | undefined;

  constructor(onChange: (state: SessionState) => void) {
    this.#onChange = onChange;
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Loads a model in place of the one that is there, whose memory is freed first. */
  async load(address: string): Promise<void> {
    this.#loading?.abort();
    if (this.#state.kind === "ready") this.#state.engine.dispose();
    const loading = new AbortController();
    this.#loading = loading;
    const change = (state: SessionState) => {
      if (this.#loading === loading) this.#change(state);
    };
    change({ kind: "loading", address, progress: start });
    const onProgress = (progress: LoadProgress) => {
      if (!loading.signal.aborted) change({ kind: "loading", address, progress });
    };
    try {
      const engine = await createEngine({
        model: address,
        ...runnerFromUrl(),
        onProgress,
        signal: loading.signal,
      });
      if (loading.signal.aborted) engine.dispose();
      else change({ kind: "ready", address, engine });
    } catch (error) {
      if (!loading.signal.aborted) change({ kind: "failed", address, error: asError(error) });
    }
  }

  /** Gives up the load under way. */
  cancel(): void {
    if (this.#state.kind !== "loading") return;
    this.#loading?.abort();
    this.#change({ kind: "cancelled", address: this.#state.address });
  }

  /** Tells the session that its worker is gone. */
  lose(error: Error): void {
    if (this.#state.kind === "ready") this.#change({ kind: "lost", address: this.#state.address, error });
  }

  #change(state: SessionState): void {
    this.#state = state;
    this.#onChange(state);
  }
}

/** Whatever was thrown, as an error with a name and a message. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
