/** Numbers become `const`s, type names become `alias`es. */
export type ShaderConstants = Readonly<Record<string, number | string>>;

/**
 * Puts a generated prelude in front of plain WGSL: what must be enabled, a `const` per number and an
 * `alias` per type name. WGSL's own `override` cannot size arrays in function scope, hence `const`.
 *
 * `unrolled` names constants: loops from 0 to one of them are written out, see `unroll`.
 */
export function specialize(
  sources: readonly string[],
  constants: ShaderConstants,
  unrolled: readonly string[] = [],
): string {
  const counts = new Map(unrolled.map((name) => [name, countOf(constants, name)]));
  const body = unroll(sources.join("\n"), counts);
  const lines = Object.entries(constants).map(([name, value]) =>
    typeof value === "number" ? `const ${name} = ${literal(value)};` : `alias ${name} = ${value};`,
  );
  return [...directives(body, constants), ...lines, body].join("\n");
}

function directives(body: string, constants: ShaderConstants): string[] {
  const words = Object.values(constants).filter((value) => typeof value === "string");
  const usesF16 = words.some((word) => /\b(f16|vec[234]h)\b/.test(word)) || /\b(f16|vec[234]h)\b/.test(body);
  const usesSubgroups = /\b(subgroup|quad)[A-Z]\w*\(/.test(body);
  return [...(usesF16 ? ["enable f16;"] : []), ...(usesSubgroups ? ["enable subgroups;"] : [])];
}

function countOf(constants: ShaderConstants, name: string): number {
  const count = constants[name];
  if (typeof count === "number") return count;
  throw new Error(`Loops over ${name} cannot be written out: it is ${count} and must be a number.`);
}

/** Integers stay abstract integers (usable as i32 or u32), everything else becomes an abstract float. */
function literal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toExponential(9);
}

/**
 * Writes each `for (var i = 0u; i < COUNT; i++)` over one of `counts` out: its body COUNT times, with `i` a `const`.
 * For drivers that leave loops as they are and keep what a loop indexes in memory, SwiftShader above all.
 */
function unroll(code: string, counts: ReadonlyMap<string, number>): string {
  const loop = /for \(var (\w+) = 0u; \1 < (?:rolled\()?(\w+)\)?; \1\+\+\) \{/g;
  for (let match = loop.exec(code); match; match = loop.exec(code)) {
    const [head, index, bound] = match;
    const count = counts.get(bound!);
    if (count === undefined) continue;
    const start = match.index + head.length;
    const end = closingBrace(code, start);
    const body = code.slice(start, end);
    const bodies = Array.from({ length: count }, (_, i) => `{\n    const ${index} = ${i}u;${body}}`);
    code = code.slice(0, match.index) + bodies.join("\n") + code.slice(end + 1);
    loop.lastIndex = match.index; // the bodies may have loops of their own
  }
  return code;
}

/** Where the block ends whose inside starts at `start`. */
function closingBrace(code: string, start: number): number {
  let depth = 1;
  let at = start;
  while (depth > 0) {
    at = code.slice(at).search(/[{}]/) + at;
    depth += code[at] === "{" ? 1 : -1;
    at++;
  }
  return at - 1;
}
