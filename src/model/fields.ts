import { ModelError } from "../errors.ts";

/** Checked access to the fields of a JSON file. A field that is null counts as absent. */
export class Fields {
  readonly values: Readonly<Record<string, unknown>>;

  /** `file` is what messages call it. */
  constructor(
    readonly file: string,
    value: unknown,
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ModelError(`${file} should be a JSON object; it is ${show(value)}. ${REMEDY}`);
    }
    this.values = value as Record<string, unknown>;
  }

  get(name: string): unknown {
    return this.values[name] ?? undefined;
  }

  /** The fields of an object within. */
  object(name: string): Fields | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : new Fields(`${this.file}: ${name}`, value);
  }

  /** A whole number of [min, max]; `fallback` where the field is absent, and required without one. */
  integer(name: string, min: number, max: number, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max)
      return value;
    throw this.wrong(name, `a whole number from ${min} to ${max}`);
  }

  /** A finite number of [min, max]; `fallback` where the field is absent, and required without one. */
  number(name: string, min: number, max: number, fallback?: number): number {
    const value = this.get(name) ?? fallback;
    if (typeof value === "number" && value >= min && value <= max) return value;
    throw this.wrong(name, `a number from ${min} to ${max}`);
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.get(name) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.wrong(name, "true or false");
  }

  /** The error for a field that asks for a computation Quire does not do. */
  refusal(name: string): ModelError {
    return new ModelError(
      `${this.file}: ${name} is ${show(this.get(name))}, which changes the computation in a way Quire does not ` +
        "know. Choose a model without it.",
    );
  }

  /** The error for a field that is not what it should be. */
  wrong(name: string, expected: string): ModelError {
    const value = this.get(name);
    const came = value === undefined ? "it is missing" : `it is ${show(value)}`;
    return new ModelError(`${this.file}: ${name} should be ${expected}; ${came}. ${REMEDY}`);
  }
}

const REMEDY = "Choose another model, or the file as this one's authors published it.";

/** A value as a message shows it. */
export function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}
