import type { LoadedModel } from "../index.ts";
import { element, part } from "./element.ts";
import { formatBytes, formatCount, formatParameters } from "./format.ts";
import { demoAddress, modelName } from "./model-address.ts";
import { modelForm } from "./model-form.ts";
import type { SessionState } from "./model-session.ts";

/** The button that names the model, and the panel behind it: what is loaded, and what could be. */
export class ModelPanel {
  readonly #panel = part("model-panel");
  readonly #about = element("div", { class: "model-about", "data-testid": "model-about" });

  constructor(onChoose: (address: string) => void, hasDemo: boolean) {
    const choose = (address: string) => {
      this.#panel.hidePopover();
      onChoose(address);
    };
    part("model-panel-body").append(modelForm("panel", choose, hasDemo), this.#about);
  }

  show(state: SessionState): void {
    part("model-dot").dataset.state = state.kind;
    part("model-label").textContent = state.kind === "none" ? "Choose a model" : displayName(state.address);
    this.#about.replaceChildren(
      ...(state.kind === "ready" ? [details(state.address, state.engine.model)] : []),
    );
  }
}

/** The name a reader knows a model by. */
export function displayName(address: string): string {
  return address === demoAddress ? "Quire demo" : modelName(address);
}

/** The adapter's name, as far as the browser tells it. */
export function adapterName({ adapter }: LoadedModel): string {
  return adapter.description || adapter.vendor || "unnamed adapter";
}

function details(address: string, model: LoadedModel): HTMLElement {
  const { memory, adapter } = model;
  const isWasm = model.runner?.kind === "wasm";
  const total = memory.weightBytes + memory.kvBytes + memory.scratchBytes;
  const rows: [string, string][] = [
    ["Architecture", model.architecture],
    ["Parameters", formatParameters(model.parameterCount)],
    ["Context", `${formatCount(model.contextLen)} tokens`],
    ["Vocabulary", `${formatCount(model.vocabSize)} tokens`],
    [
      isWasm ? "Runs in" : "Adapter",
      adapterName(model) + (adapter.software && !isWasm ? " (software: it computes on the CPU)" : ""),
    ],
    ...(model.runner ? [["Chosen because", model.runner.reason] as [string, string]] : []),
    [isWasm ? "Memory" : "GPU memory", formatBytes(total)],
    ["· weights", formatBytes(memory.weightBytes)],
    [
      `· KV cache (${memory.kvType})`,
      `${formatBytes(memory.kvBytes)}, ${formatCount(memory.blockCount)} blocks of ${memory.blockSize}`,
    ],
    ["· scratch", formatBytes(memory.scratchBytes)],
  ];
  const list = element(
    "dl",
    {},
    ...rows.flatMap(([term, value]) => [element("dt", {}, term), element("dd", {}, value)]),
  );
  return element(
    "section",
    {},
    element("h3", { title: address }, `${displayName(address)}, as loaded`),
    list,
  );
}
