import { button, element } from "./element.ts";
import { demoAddress, suggestions } from "./model-address.ts";

/** A form for a model's address, with some to begin with. `place` tells the two on the page apart. */
export function modelForm(
  place: "panel" | "start",
  onChoose: (address: string) => void,
  hasDemo: boolean,
): HTMLElement {
  const id = `model-address-${place}`;
  const input = element("input", {
    id,
    "data-testid": id,
    type: "text",
    required: true,
    placeholder: "owner/name or https://…",
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": `${id}-hint`,
  });
  const load = element(
    "button",
    { type: "submit", class: "primary", "data-testid": `model-load-${place}` },
    "Load",
  );
  const form = element(
    "form",
    { class: "model-form" },
    element("label", { for: id }, "Hub repository or folder address"),
    element("div", { class: "row" }, input, load),
    element(
      "small",
      { id: `${id}-hint` },
      "A Hugging Face folder of the Llama family, as it is: safetensors, configs, tokenizer.",
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = input.value.trim();
    if (address) onChoose(address);
  });
  const demo = { address: demoAddress, label: "Quire demo", about: "comes with this page" };
  const hub = suggestions.map(({ address, about }) => ({ address, label: address, about }));
  const choices = [...(hasDemo ? [demo] : []), ...hub].map(({ address, label, about }) =>
    element(
      "li",
      {},
      button(choiceLabel(label, about), () => onChoose(address), {
        class: "choice",
        "data-testid": "model-choice",
      }),
    ),
  );
  return element("div", { class: "model-choice" }, form, element("ul", { class: "choices" }, ...choices));
}

function choiceLabel(label: string, about: string): DocumentFragment {
  const fragment = new DocumentFragment();
  fragment.append(element("span", {}, label), element("small", {}, about));
  return fragment;
}
