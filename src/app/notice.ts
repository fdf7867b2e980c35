import { button, element, part } from "./element.ts";
import { formatBytes, formatBytesOf } from "./format.ts";
import { modelForm } from "./model-form.ts";
import { displayName } from "./model-panel.ts";
import type { SessionState } from "./model-session.ts";
import { explainMissingGpu } from "./web-gpu.ts";

interface NoticeEvents {
  readonly onChoose: (address: string) => void;
  readonly onCancel: () => void;
}

type Loading = Extract<SessionState, { kind: "loading" }>;
type Broken = Extract<SessionState, { kind: "failed" | "lost" | "cancelled" }>;

/** What stands between the reader and an answer: a model to choose, a load under way, an error. */
export class Notice {
  readonly #root = part("notice");
  readonly #events: NoticeEvents;
  readonly #hasDemo: boolean;
  #loading: LoadingCard | undefined;

  constructor(events: NoticeEvents, hasDemo: boolean) {
    this.#events = events;
    this.#hasDemo = hasDemo;
  }

  show(state: SessionState): void {
    if (state.kind !== "loading") {
      this.#loading = undefined;
      this.#root.replaceChildren(...this.#cards(state));
    } else if (this.#loading?.address === state.address) {
      this.#loading.update(state);
    } else {
      this.#loading = new LoadingCard(state, this.#events.onCancel);
      this.#root.replaceChildren(this.#loading.root);
    }
  }

  #cards(state: Exclude<SessionState, Loading>): HTMLElement[] {
    if (state.kind === "ready") return [];
    return [state.kind === "none" ? this.#chooser() : this.#brokenCard(state)];
  }

  #chooser(): HTMLElement {
    const title = element("h2", {}, "Which model shall it be?");
    return element("div", { class: "card" }, title, modelForm("start", this.#events.onChoose, this.#hasDemo));
  }

  #brokenCard(state: Broken): HTMLElement {
    const again =
      state.kind === "lost" ? "Load the model again" : state.kind === "failed" ? "Try again" : "Load";
    const actions = element(
      "p",
      { class: "row" },
      button(again, () => this.#events.onChoose(state.address), { class: "primary", "data-testid": "retry" }),
      element(
        "button",
        { type: "button", class: "quiet", popovertarget: "model-panel" },
        "Choose another model",
      ),
    );
    if (state.kind === "cancelled") {
      const text = `The loading of ${displayName(state.address)} was cancelled.`;
      return element(
        "div",
        { class: "card", role: "status", "data-testid": "cancelled" },
        element("p", {}, text),
        actions,
      );
    }
    return element(
      "div",
      { class: "card error", role: "alert", "data-testid": `model-${state.kind}` },
      element("h2", {}, errorTitle(state)),
      element("p", { "data-testid": "error-text" }, state.error.message),
      ...(isMissingGpu(state.error) ? explainMissingGpu() : []),
      actions,
    );
  }
}

/** A DeviceError that onnxruntime did not cause. */
function isMissingGpu({ name, message }: Error): boolean {
  return name === "DeviceError" && !message.startsWith("onnxruntime");
}

function errorTitle({ kind, address, error }: Extract<Broken, { error: Error }>): string {
  if (isMissingGpu(error)) return "No usable GPU";
  if (error.name === "DeviceError") return "WebAssembly cannot run the model";
  if (kind === "lost") return "The model stopped";
  if (error.name === "CapacityError") return `${displayName(address)} does not fit`;
  return `${displayName(address)} could not be loaded`;
}

class LoadingCard {
  readonly address: string;
  readonly root: HTMLElement;
  readonly #phase = element("p", { class: "phase", "data-testid": "load-phase" });
  readonly #progress = element("progress", { "aria-label": "Loading", "data-testid": "load-progress" });

  constructor(state: Loading, onCancel: () => void) {
    this.address = state.address;
    this.root = element(
      "div",
      { class: "card loading", "data-testid": "loading" },
      element("h2", { title: state.address }, `Loading ${displayName(state.address)}`),
      this.#progress,
      element(
        "div",
        { class: "row spread" },
        this.#phase,
        button("Cancel", onCancel, { class: "quiet", "data-testid": "cancel-load" }),
      ),
    );
    this.update(state);
  }

  update({ progress }: Loading): void {
    const { phase, loadedBytes, totalBytes } = progress;
    this.#phase.textContent = phaseText(progress);
    if (phase === "weights" && totalBytes > 0) {
      this.#progress.max = totalBytes;
      this.#progress.value = loadedBytes;
    } else this.#progress.removeAttribute("value");
  }
}

function phaseText({ phase, loadedBytes, totalBytes }: Loading["progress"]): string {
  switch (phase) {
    case "open":
      return "Reading configuration and tokenizer";
    case "weights":
      return `Weights ${totalBytes > 0 ? formatBytesOf(loadedBytes, totalBytes) : formatBytes(loadedBytes)}`;
    case "compile":
      return "Compiling shaders";
    case "ready":
      return "Ready";
    default:
      return phase satisfies never;
  }
}
