import { expect, test } from "vitest";
import { parseAskOptions } from "../../../tools/ask-options.ts";
import { modelPlace } from "../../../tools/model-argument.ts";

test("a text alone asks the bundled model", () => {
  expect(parseAskOptions(["Hello"])).toMatchObject({
    text: "Hello",
    model: { kind: "folder", folder: "public/models/quire-demo" },
    raw: false,
    json: false,
    generate: {},
  });
});

test("numbers reach the request under the runtime's own names", () => {
  const words = ["--max-tokens", "8", "--temperature", "0.5", "--seed", "3", "--raw", "--json", ""];
  expect(parseAskOptions(words)).toMatchObject({
    text: "",
    raw: true,
    json: true,
    generate: { maxTokens: 8, temperature: 0.5, seed: 3 },
  });
});

test("help is asked for by name only", () => {
  expect(parseAskOptions(["--help"])).toBeUndefined();
  expect(parseAskOptions(["help"])?.text).toBe("help");
});

test("each wrong word is refused with what was expected", () => {
  const refused: [string[], RegExp][] = [
    [[], /There is no text/],
    [["two", "texts"], /There are 2 texts: expected one/],
    [["--max-tokens", "many", "x"], /--max-tokens is "many": expected a number/],
    [["--seed", "", "x"], /--seed is "": expected a number/],
    [["--adapter", "fast", "x"], /--adapter is "fast": expected best or software/],
    [["--runner", "cpu", "x"], /--runner is "cpu": expected webgpu or wasm/],
    [["--tokens", "3", "x"], /Unknown option '--tokens'/],
  ];
  for (const [words, message] of refused)
    expect(() => parseAskOptions(words), String(words)).toThrow(message);
});

test("a model is a folder where there is one, else an address", () => {
  expect(modelPlace("src")).toEqual({ kind: "folder", folder: "src" });
  for (const address of ["https://models.example/tiny", "owner/name", "owner/name@v1.0"]) {
    expect(modelPlace(address)).toEqual({ kind: "address", address });
  }
  for (const nothing of ["./no/such", "../gone", "/no/such/folder", "name", "ftp://x/y", ""]) {
    expect(() => modelPlace(nothing), nothing).toThrow(/expected an existing folder/);
  }
});
