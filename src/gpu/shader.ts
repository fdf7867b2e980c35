/** Numbers become `const`s, type names become `alias`es. */
export type ShaderConstants = Readonly<Record<string, number | string>>;

/**
 * Puts a generated prelude in front of plain WGSL: what must be enabled, a `const` per number and an
 * `alias` per type name. WGSL's own `override` cannot size arrays in function scope, hence `const`.
 */
export function specialize(sources: readonly string[], constants: ShaderConstants): string {
  const body = sources.join("\n");
  const lines = Object.entries(constants).map(([name, value]) =>
    typeof value === "number" ? `const ${name} = ${literal(value)};` : `alias ${name} = ${value};`,
  );
  return [...directives(body, constants), ...lines, body].join("\n");
}

function directives(body: string, constants: ShaderConstants): string[] {
  const words = Object.values(constants).filter((value) => typeof value === "string");
  const usesF16 = words.some((word) => /\b(f16|vec[234]h)\b/.test(word)) || /\b(f16|vec[234]h)\b/.test(body);
  const usesSubgroups = /\bsubgroup[A-Z]\w*\(/.test(body);
  return [...(usesF16 ? ["enable f16;"] : []), ...(usesSubgroups ? ["enable subgroups;"] : [])];
}

/** Integers stay abstract integers (usable as i32 or u32), everything else becomes an abstract float. */
function literal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toExponential(9);
}
