import { Interpreter, parse, tokenize } from "@huggingface/jinja";
import { InputError, ModelError } from "../errors.ts";
import { markTemplate } from "./mark-template.ts";
import type { TemplateMessage } from "./message.ts";
import { show } from "./model-file.ts";
import { Refusal, templateScope } from "./template-globals.ts";
import { escapeMarks, TemplateMarks, unmark } from "./template-marks.ts";
import type { Rendered, Tokenizer } from "./tokenizer.ts";
import { checkTools } from "./tool.ts";

export interface RenderOptions {
  /** Ends with the beginning of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
  /** Functions offered to the model, in the form of the OpenAI chat API. */
  readonly tools?: unknown;
  /** The time that templates write into a prompt; now by default. */
  readonly now?: Date;
}

type Program = ReturnType<typeof parse>;

/** A model's chat template: turns a conversation into the text the model was trained on. */
export class ChatTemplate {
  readonly #program: Program;
  readonly #marks: TemplateMarks;
  /** What every template may name. */
  readonly #globals: Readonly<Record<string, string>>;

  /** Takes Jinja source. Raises a ModelError for one that does not parse. */
  constructor(source: string, tokenizer: Tokenizer) {
    this.#program = parseTemplate(source);
    this.#marks = new TemplateMarks(tokenizer.special);
    markTemplate(this.#program, (text) => this.#marks.mark(text));
    const named = [...tokenizer.named].map(([name, content]) => [name, this.#marks.mark(content)]);
    this.#globals = { bos_token: "", eos_token: "", ...Object.fromEntries(named) };
  }

  /**
   * Writes a conversation. Special tokens in the result are the template's own: one that a message contains
   * stays text. Raises an InputError for a conversation that the template refuses.
   */
  render(
    messages: readonly TemplateMessage[],
    { addGenerationPrompt, tools, now = new Date() }: RenderOptions,
  ): Rendered {
    const offered = tools === undefined ? [] : checkTools(tools);
    const variables = {
      ...this.#globals,
      messages: escapeStrings(messages),
      add_generation_prompt: addGenerationPrompt,
      // Null where there are none: templates are written for Hugging Face transformers, which does this.
      tools: offered.length > 0 ? escapeStrings(offered) : null,
    };
    try {
      const { value } = new Interpreter(templateScope(variables, now)).run(this.#program);
      return this.#marks.read(String(value));
    } catch (error) {
      throw failure(error);
    }
  }
}

function parseTemplate(source: unknown): Program {
  if (typeof source !== "string") {
    throw new ModelError(`The chat template should be a text; it is ${show(source)}. ${REMEDY}`);
  }
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (error) {
    throw new ModelError(`The chat template cannot be parsed: ${reasonOf(error)}. ${REMEDY}`);
  }
}

const REMEDY = "Use the template as the model's authors published it.";

/** What a failed rendering means: the template refuses the conversation, or cannot be followed. */
function failure(error: unknown): Error {
  const reason = reasonOf(error);
  return error instanceof Refusal
    ? new InputError(`The model's chat template refuses this conversation: ${reason}. Change the messages.`)
    : new ModelError(
        `The model's chat template fails on this conversation: ${reason}. ` +
          "Change the messages or tools, or use a template that Quire can follow.",
      );
}

function reasonOf(error: unknown): string {
  return unmark(error instanceof Error ? error.message : String(error)).replace(/\.+$/, "");
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
