import { describe, expect, test } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { checkMessages } from "../../../src/text/message.ts";
import { checkTools } from "../../../src/text/tool.ts";

const call = (fields: object) => ({ role: "assistant", content: null, tool_calls: [{ function: fields }] });

describe("checkMessages", () => {
  test("keeps what templates read and leaves out the rest", () => {
    const message = { role: "user", content: "Hi", name: "Ada", refusal: null, audio: {} };
    expect(checkMessages([message])).toEqual([{ role: "user", content: "Hi", name: "Ada" }]);
  });

  test("gives templates the arguments of a call as an object, and half-written ones as text", () => {
    const parsed = (text: unknown) =>
      checkMessages([call({ name: "add", arguments: text })])[0]!.tool_calls![0]!.function.arguments;
    expect(parsed('{"a": [1, 2]}')).toEqual({ a: [1, 2] });
    expect(parsed({ a: 1 })).toEqual({ a: 1 });
    expect(parsed('{"a": [1,')).toBe('{"a": [1,');
    expect(parsed("3")).toBe("3");
  });

  test("a call needs no content", () => {
    expect(checkMessages([call({ name: "now", arguments: "{}" })])[0]!.content).toBe("");
  });

  test("names that are the language's own are fields like any other", () => {
    const text = '{"__proto__": {"isAdmin": true}, "constructor": 1}';
    const [message] = checkMessages([call({ name: "set", arguments: text })]);
    const values = message!.tool_calls![0]!.function.arguments;
    expect(JSON.stringify(values)).toBe('{"__proto__":{"isAdmin":true},"constructor":1}');
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  test.each([
    ["Hi", 'messages should be a list of messages; it is "Hi"'],
    [[], "messages is empty"],
    [["Hi"], "messages[0] should be an object with role and content"],
    [[{ role: "user", content: "a" }, null], "messages[1] should be an object"],
    [[{ content: "a" }], "messages[0].role should be one of"],
    [[{ role: "root", content: "a" }], 'it is "root"'],
    [[{ role: "user" }], "messages[0].content should be a string; it is missing"],
    [[{ role: "user", content: null }], "messages[0].content should be a string; it is null"],
    [[{ role: "user", content: [{ type: "text", text: "a" }] }], "messages[0].content should be a string"],
    [[{ role: "user", content: "a", name: 7 }], "messages[0].name should be a string; it is 7"],
    [[{ role: "tool", content: "a", tool_call_id: {} }], "messages[0].tool_call_id should be a string"],
    [
      [{ role: "user", content: "a", tool_calls: [{}] }],
      'belongs to the role "assistant"; the role is "user"',
    ],
    [[{ role: "assistant", content: "a", tool_calls: {} }], "messages[0].tool_calls should be a list"],
    [[{ role: "assistant", content: "a", tool_calls: [] }], "a list of at least one call"],
    [[{ role: "assistant", tool_calls: [{}] }], "messages[0].tool_calls[0].function should be an object"],
    [[call({ arguments: "{}" })], "messages[0].tool_calls[0].function.name should be a string"],
    [[call({ name: "f" })], "function.arguments should be a string of JSON or an object; it is missing"],
    [[call({ name: "f", arguments: [1] })], "function.arguments should be a string of JSON or an object"],
  ])("refuses %j", (messages, reason) => {
    const check = () => checkMessages(messages);
    expect(check).toThrow(InputError);
    expect(check).toThrow(reason);
  });
});

describe("checkTools", () => {
  test("keeps name, description and parameters", () => {
    const tool = { type: "function", function: { name: "f", description: "d", parameters: {} } };
    expect(checkTools([{ ...tool, cache: true }])).toEqual([tool]);
  });

  test.each([
    [{}, "tools should be a list of functions"],
    [[7], "tools[0] should be an object"],
    [[{ function: { name: "f" } }], 'tools[0].type should be "function"; it is missing'],
    [[{ type: "function" }], "tools[0].function should be an object"],
    [[{ type: "function", function: {} }], "tools[0].function.name should be a string"],
    [
      [{ type: "function", function: { name: "f", description: 1 } }],
      "function.description should be a string",
    ],
    [
      [{ type: "function", function: { name: "f", parameters: [] } }],
      "function.parameters should be a JSON schema",
    ],
  ])("refuses %j", (tools, reason) => {
    const check = () => checkTools(tools);
    expect(check).toThrow(InputError);
    expect(check).toThrow(reason);
  });
});
