import { InputError } from "../errors.ts";

const ROLES = ["system", "user", "assistant", "tool"] as const;

/** A message as chat templates expect it. */
export interface TemplateMessage {
  readonly role: (typeof ROLES)[number];
  readonly content: string;
  readonly name?: string;
  readonly tool_calls?: readonly TemplateToolCall[];
  readonly tool_call_id?: string;
}

export interface TemplateToolCall {
  readonly id?: string;
  readonly type: "function";
  readonly function: {
    readonly name: string;
    /** An object, or the text that the model wrote where that is not JSON. */
    readonly arguments: string | Readonly<Record<string, unknown>>;
  };
}

/**
 * Checks messages in the form of the OpenAI chat API and gives them the form that chat templates expect: the
 * arguments of tool calls become objects, fields that no template reads are left out. Raises an InputError that
 * names the message and the field.
 */
export function checkMessages(value: unknown): TemplateMessage[] {
  if (!Array.isArray(value)) throw wrong("messages", "a list of messages", value);
  if (value.length === 0) throw new InputError("messages is empty. Give at least one message.");
  return value.map((message, i) => checkMessage(message, `messages[${i}]`));
}

function checkMessage(value: unknown, path: string): TemplateMessage {
  if (!isObject(value)) throw wrong(path, "an object with role and content", value);
  const { role, content, name, tool_calls: calls, tool_call_id: callId } = value;
  if (!isRole(role)) {
    throw wrong(`${path}.role`, `one of ${ROLES.map((each) => `"${each}"`).join(", ")}`, role);
  }
  const hasCalls = calls !== undefined && calls !== null;
  if (hasCalls && role !== "assistant") {
    throw new InputError(`${path}.tool_calls belongs to the role "assistant"; the role is "${role}".`);
  }
  const text = hasCalls ? (content ?? "") : content;
  if (typeof text !== "string") throw wrong(`${path}.content`, "a string", content);
  return {
    role,
    content: text,
    ...optionalText(`${path}.name`, "name", name),
    ...(hasCalls ? { tool_calls: checkCalls(calls, `${path}.tool_calls`) } : {}),
    ...optionalText(`${path}.tool_call_id`, "tool_call_id", callId),
  };
}

function checkCalls(value: unknown, path: string): TemplateToolCall[] {
  if (!Array.isArray(value) || value.length === 0) throw wrong(path, "a list of at least one call", value);
  return value.map((call, i) => checkCall(call, `${path}[${i}]`));
}

function checkCall(value: unknown, path: string): TemplateToolCall {
  if (!isObject(value)) throw wrong(path, "an object with a function", value);
  const { id, type = "function", function: called } = value;
  if (type !== "function") throw wrong(`${path}.type`, '"function"', type);
  if (!isObject(called)) throw wrong(`${path}.function`, "an object with name and arguments", called);
  const { name, arguments: values } = called;
  if (typeof name !== "string" || name === "") {
    throw wrong(`${path}.function.name`, "a string that is not empty", name);
  }
  if (typeof values !== "string" && !isObject(values)) {
    throw wrong(`${path}.function.arguments`, "a string of JSON or an object", values);
  }
  return {
    ...optionalText(`${path}.id`, "id", id),
    type,
    function: { name, arguments: typeof values === "string" ? parseArguments(values) : values },
  };
}

/** A model may have been stopped in the middle of its arguments: a text that is no JSON object stays as it is. */
function parseArguments(text: string): string | Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : text;
  } catch {
    return text;
  }
}

function optionalText<Name extends string>(
  path: string,
  name: Name,
  value: unknown,
): { [name in Name]?: string } {
  if (value === undefined || value === null) return {};
  if (typeof value !== "string") throw wrong(path, "a string", value);
  return { [name]: value } as { [name in Name]: string };
}

function isRole(value: unknown): value is TemplateMessage["role"] {
  return ROLES.some((role) => role === value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The error for a field that is not what it should be. */
export function wrong(path: string, expected: string, value: unknown): InputError {
  const shown = JSON.stringify(value) ?? String(value);
  const came =
    value === undefined ? "it is missing" : `it is ${shown.length > 80 ? `${shown.slice(0, 80)}...` : shown}`;
  return new InputError(`${path} should be ${expected}; ${came}.`);
}
