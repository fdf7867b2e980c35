import { wrong } from "./message.ts";
import { isObject } from "./model-file.ts";

/** A function offered to the model, as chat templates expect it. */
export interface TemplateTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description?: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
  };
}

/** Checks tools in the form of the OpenAI chat API. Raises an InputError that names the tool and the field. */
export function checkTools(value: unknown): TemplateTool[] {
  if (!Array.isArray(value)) throw wrong("tools", "a list of functions", value);
  return value.map((tool, i) => checkTool(tool, `tools[${i}]`));
}

function checkTool(value: unknown, path: string): TemplateTool {
  if (!isObject(value)) throw wrong(path, "an object with type and function", value);
  if (value.type !== "function") throw wrong(`${path}.type`, '"function"', value.type);
  const offered = value.function;
  if (!isObject(offered)) throw wrong(`${path}.function`, "an object with a name", offered);
  const { name, description, parameters } = offered;
  if (typeof name !== "string" || name === "") {
    throw wrong(`${path}.function.name`, "a string that is not empty", name);
  }
  if (description !== undefined && typeof description !== "string") {
    throw wrong(`${path}.function.description`, "a string", description);
  }
  if (parameters !== undefined && !isObject(parameters)) {
    throw wrong(`${path}.function.parameters`, "a JSON schema", parameters);
  }
  return {
    type: "function",
    function: {
      name,
      ...(description === undefined ? {} : { description }),
      ...(parameters === undefined ? {} : { parameters }),
    },
  };
}
