import type { LoadedModel } from "../index.ts";
import { button, element, part } from "./element.ts";
import { formatCount, formatParameters } from "./format.ts";
import { demoAddress } from "./model-address.ts";
import { displayName } from "./model-panel.ts";
import type { SessionState } from "./model-session.ts";
import { type Sample, samplesFor } from "./samples.ts";

/** What an empty conversation shows: what Quire is, what the model is, and prompts to begin with. */
export class Welcome {
  readonly #root = part("welcome");
  readonly #introduction = [...this.#root.children];
  readonly #onSample: (sample: Sample) => void;

  constructor(onSample: (sample: Sample) => void) {
    this.#onSample = onSample;
  }

  set visible(visible: boolean) {
    this.#root.hidden = !visible;
  }

  async show(state: SessionState): Promise<void> {
    if (state.kind !== "ready") return this.#root.replaceChildren(...this.#introduction);
    const { address, engine } = state;
    const title = element("h2", {}, displayName(address));
    const about = element(
      "p",
      { class: "lead", "data-testid": "model-description" },
      description(address, engine.model),
    );
    const list = element("ul", { class: "samples", "aria-label": "Prompts to try" });
    this.#root.replaceChildren(title, about, list);
    const samples = await samplesFor(address, engine.model);
    list.append(...samples.map((sample) => this.#sampleButton(sample)));
  }

  #sampleButton(sample: Sample): HTMLElement {
    const label = new DocumentFragment();
    const text = sample.messages.at(-1)!.content;
    label.append(element("span", {}, sample.title), element("small", {}, text));
    return element(
      "li",
      {},
      button(label, () => this.#onSample(sample), { class: "choice", "data-testid": "sample" }),
    );
  }
}

function description(address: string, model: LoadedModel): string {
  const parameters = `${formatParameters(model.parameterCount)} parameters`;
  if (address === demoAddress)
    return `A small demo of ${parameters}, trained from scratch in a few minutes on text that a program wrote. It can add, sort, spell, remember, call tools and tell tiny stories; it knows nothing about the world. Choose a real model above.`;
  const facts = `${parameters}, ${formatCount(model.contextLen)} tokens of context.`;
  if (model.chat) return facts;
  return `${facts} This is a base model without a chat template: it continues the text you write, each time anew.`;
}
