import { element, part } from "./element.ts";
import {
  checkSetting,
  readSettings,
  type SettingField,
  type Settings,
  settingFields,
  storeSettings,
} from "./settings.ts";

/** The form of the settings. What it holds is used by the next request; nothing is reloaded. */
export class SettingsPanel {
  readonly #form = part<HTMLFormElement>("settings-panel");
  readonly #systemPrompt = part<HTMLTextAreaElement>("system-prompt");
  readonly #inputs = new Map<SettingField, HTMLInputElement>();
  #settings = readSettings();

  constructor() {
    const rows = settingFields.map((field) => this.#row(field));
    part("settings-fields").append(...rows);
    this.#show();
    this.#form.addEventListener("input", () => this.#read());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#form.hidePopover();
    });
    part("settings-reset").addEventListener("click", () => {
      this.#settings = {};
      storeSettings({});
      this.#show();
    });
  }

  get settings(): Settings {
    return this.#settings;
  }

  #row(field: SettingField): HTMLElement {
    const { name, label, hint, absent, min, max, step } = field;
    const id = `setting-${name}`;
    const input = element("input", {
      id,
      "data-testid": id,
      type: "number",
      inputmode: step < 1 ? "decimal" : "numeric",
      placeholder: absent,
      "aria-describedby": `${id}-hint`,
      min: String(min),
      max: String(max),
      step: step < 1 ? "any" : "1",
      autocomplete: "off",
    });
    this.#inputs.set(field, input);
    return element(
      "div",
      { class: "setting" },
      element("label", { for: id }, label),
      element("small", { id: `${id}-hint` }, hint),
      input,
    );
  }

  #read(): void {
    const numbers = [...this.#inputs].flatMap(([field, input]) => {
      const value = input.value === "" ? undefined : checkSetting(field, input.valueAsNumber);
      return value === undefined ? [] : [[field.name, value]];
    });
    const systemPrompt = this.#systemPrompt.value.trim();
    this.#settings = { ...Object.fromEntries(numbers), ...(systemPrompt ? { systemPrompt } : {}) };
    storeSettings(this.#settings);
  }

  #show(): void {
    for (const [{ name }, input] of this.#inputs) input.value = String(this.#settings[name] ?? "");
    this.#systemPrompt.value = this.#settings.systemPrompt ?? "";
  }
}
