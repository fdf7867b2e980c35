import { expect, test } from "vitest";
import { specialize } from "../../../src/gpu/shader.ts";

const lines = (code: string) => code.split("\n").map((line) => line.trim());

test("numbers become constants, type names aliases", () => {
  const code = specialize(["fn main() {}"], { ROWS: 4, SCALE: 0.125, Quad: "vec4f" });
  expect(lines(code)).toEqual([
    "const ROWS = 4;",
    "const SCALE = 1.250000000e-1;",
    "alias Quad = vec4f;",
    "fn main() {}",
  ]);
});

test.each([
  ["alias Quad = vec4h;", {}, "enable f16;"],
  ["fn f() { return subgroupAdd(1u); }", {}, "enable subgroups;"],
  ["fn f() { return quadBroadcast(x, 0u); }", {}, "enable subgroups;"],
  ["fn f() -> Quad {}", { Quad: "vec4h" }, "enable f16;"],
])("what needs enabling is enabled: %s", (source, constants, first) => {
  expect(lines(specialize([source], constants))[0]).toBe(first);
});

const nested = `for (var r = 0u; r < ROWS; r++) {
  let start = r;
  for (var f = 0u; f < rolled(FOURS); f++) {
    sums[r][f] = start;
  }
}`;

test("loops over named constants are written out, inner ones as well", () => {
  const code = specialize([nested], { ROWS: 2, FOURS: 3 }, ["ROWS", "FOURS"]);
  expect(code).not.toContain("for (");
  expect(code.match(/sums\[r\]\[f\] = start;/g)).toHaveLength(6);
  expect(code.match(/const [rf] = \du;/g)).toEqual([
    ...["const r = 0u;", "const f = 0u;", "const f = 1u;", "const f = 2u;"],
    ...["const r = 1u;", "const f = 0u;", "const f = 1u;", "const f = 2u;"],
  ]);
});

test("other loops stay, around and inside those written out", () => {
  const inner = specialize([nested], { ROWS: 2, FOURS: 3 }, ["FOURS"]);
  expect(inner).toContain("for (var r = 0u; r < ROWS; r++) {");
  expect(inner.match(/const f = /g)).toHaveLength(3);
  const outer = specialize([nested], { ROWS: 2, FOURS: 3 }, ["ROWS"]);
  expect(outer.match(/for \(var f = 0u; f < rolled\(FOURS\); f\+\+\) \{/g)).toHaveLength(2);
  expect(outer.match(/const r = /g)).toHaveLength(2);
});

test("braces stay balanced", () => {
  const code = specialize([`fn main() { ${nested} }`], { ROWS: 3, FOURS: 1 }, ["ROWS", "FOURS"]);
  expect(code.split("{").length).toBe(code.split("}").length);
});

test("a count that is none is refused by name", () => {
  expect(() => specialize([nested], { ROWS: 2 }, ["ROWS", "FOURS"])).toThrow(
    "Loops over FOURS cannot be written out: it is undefined and must be a number.",
  );
});
