import { readdirSync } from "node:fs";
import { checkMessages, type TemplateMessage } from "../../../src/text/message.ts";
import { readSharedText, sharedData } from "../../support/shared-data.ts";

/** The published chat templates, by name. */
export function publishedTemplates(): Map<string, string> {
  const folder = sharedData("chat-templates");
  const files = folder === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith(".jinja"));
  return new Map(files.sort().map((file) => [file.slice(0, -6), readSharedText(`chat-templates/${file}`)]));
}

/** Two turns and a question. */
function conversation(text: (place: string) => string): TemplateMessage[] {
  return [
    { role: "user", content: text("first") },
    { role: "assistant", content: text("answer") },
    { role: "user", content: text("second") },
  ];
}

const tools = [
  {
    type: "function",
    function: {
      name: "add",
      description: "Adds two numbers.",
      parameters: {
        type: "object",
        properties: {
          a: { type: "number", description: "the first" },
          b: { type: "number", description: "the second" },
        },
        required: ["a"],
      },
    },
  },
];

/** What a template may be asked to write; `text` gives what people and tools say in it. */
export const REQUESTS: Readonly<
  Record<string, (text: (place: string) => string) => { messages: TemplateMessage[]; tools?: typeof tools }>
> = {
  "a conversation": (text) => ({ messages: conversation(text) }),
  "a system message": (text) => ({
    messages: [{ role: "system", content: text("system") }, ...conversation(text)],
  }),
  "tools on offer": (text) => ({ messages: conversation(text), tools }),
  "a tool's answer": (text) => ({ messages: toolMessages(text), tools }),
};

function toolMessages(text: (place: string) => string): TemplateMessage[] {
  const called = { name: "add", arguments: JSON.stringify({ a: text("argument") }) };
  return checkMessages([
    { role: "user", content: text("first") },
    { role: "assistant", content: null, tool_calls: [{ id: "abcdefghi", function: called }] },
    { role: "tool", content: text("result"), name: "add", tool_call_id: "abcdefghi" },
  ]);
}

/**
 * All that published templates refuse of these requests, and why. The reasons that speak of filters, keys and
 * types are limits of the template library.
 */
export const REFUSED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "Apriel-1.6-15b-Thinker-fixed": {
    "tools on offer": "Unknown ObjectValue filter: string",
    "a tool's answer": "Unknown ObjectValue filter: string",
  },
  "ByteDance-Seed-OSS": all("Object keys must be strings: got IntegerValue"),
  "CohereForAI-c4ai-command-r-plus-tool_use": withoutTools("Expected iterable or object type in for loop"),
  "Kimi-K2-Instruct": { "a tool's answer": "Cannot call something that is not a function" },
  "Kimi-K2-Thinking": { "a tool's answer": "Cannot call something that is not a function" },
  "NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use": withoutTools(
    "Expected iterable or object type in for loop",
  ),
  "NousResearch-Hermes-3-Llama-3.1-8B-tool_use": withoutTools("Expected iterable or object type in for loop"),
  "fireworks-ai-llama-3-firefunction-v2": all("Cannot perform operation + on undefined values"),
  "google-gemma-2-2b-it": {
    "a system message": "System role not supported",
    "a tool's answer": "Conversation roles must alternate user/assistant",
  },
  "meetkai-functionary-medium-v3.1": withoutTools('Cannot apply filter "selectattr" to type: NullValue'),
  "meetkai-functionary-medium-v3.2": {
    "tools on offer": "Cannot unpack non-iterable type: TupleValue",
    "a tool's answer": "Cannot unpack non-iterable type: TupleValue",
  },
  "unsloth-Apriel-1.5": {
    "tools on offer": "Unknown ObjectValue filter: string",
    "a tool's answer": "Unknown ObjectValue filter: string",
  },
};

function all(reason: string): Record<string, string> {
  return Object.fromEntries(Object.keys(REQUESTS).map((request) => [request, reason]));
}

function withoutTools(reason: string): Record<string, string> {
  return { "a conversation": reason, "a system message": reason };
}
