import { Template } from "@huggingface/jinja";
import { InputError, ModelError } from "../errors.ts";
import { markTemplate } from "./mark-template.ts";
import type { TemplateMessage } from "./message.ts";
import { escapeMarks, TemplateMarks, unmark } from "./template-marks.ts";
import type { Rendered, Tokenizer } from "./tokenizer.ts";
import { checkTools } from "./tool.ts";

export interface RenderOptions {
  /** Ends with the beginning of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
  /** Functions offered to the model, in the form of the OpenAI chat API. */
  readonly tools?: unknown;
}

/** A model's chat template: turns a conversation into the text the model was trained on. */
export class ChatTemplate {
  readonly #template: Template;
  readonly #marks: TemplateMarks;
  /** What every template may name. */
  readonly #globals: Readonly<Record<string, string>>;

  /** Takes Jinja source. Raises a ModelError for one that does not parse. */
  constructor(source: string, tokenizer: Tokenizer) {
    this.#template = parse(source);
    this.#marks = new TemplateMarks(tokenizer.special);
    markTemplate(this.#template.parsed, (text) => this.#marks.mark(text));
    const named = [...tokenizer.named].map(([name, content]) => [name, this.#marks.mark(content)]);
    this.#globals = { bos_token: "", eos_token: "", ...Object.fromEntries(named) };
  }

  /**
   * Writes a conversation. Special tokens in the result are the template's own: one that a message contains
   * stays text. Raises an InputError for a conversation that the template refuses.
   */
  render(messages: readonly TemplateMessage[], { addGenerationPrompt, tools }: RenderOptions): Rendered {
    const offered = tools === undefined ? undefined : checkTools(tools);
    const variables = {
      ...this.#globals,
      messages: escapeStrings(messages),
      add_generation_prompt: addGenerationPrompt,
      ...(offered && offered.length > 0 ? { tools: escapeStrings(offered) } : {}),
    };
    try {
      return this.#marks.read(this.#template.render(variables));
    } catch (error) {
      throw refusal(unmark(error instanceof Error ? error.message : String(error)));
    }
  }
}

function parse(source: unknown): Template {
  if (typeof source !== "string") {
    throw new ModelError(`The chat template should be a text; it is ${JSON.stringify(source)}. ${REMEDY}`);
  }
  try {
    return new Template(source);
  } catch (error) {
    throw new ModelError(`The chat template cannot be parsed: ${(error as Error).message}. ${REMEDY}`);
  }
}

const REMEDY = "Use the template as the model's authors published it.";

/** What a failed rendering means: the template is at fault where it names something that does not exist. */
function refusal(reason: string): Error {
  const sentence = reason.replace(/\.$/, "");
  if (/^Unknown .*(filter|test)|^Unknown test/.test(reason)) {
    return new ModelError(`The chat template needs what Quire does not have: ${sentence}. ${REMEDY}`);
  }
  return new InputError(
    `The model's chat template refuses this conversation: ${sentence}. Change the messages to what it accepts.`,
  );
}

/** The same value with every string in it escaped, names of fields included. */
function escapeStrings(value: unknown): unknown {
  if (typeof value === "string") return escapeMarks(value);
  if (Array.isArray(value)) return value.map(escapeStrings);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [escapeMarks(name), escapeStrings(field)]),
  );
}
