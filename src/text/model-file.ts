import { ModelError } from "../errors.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The error for a field of a model's file that is not what it should be. */
export function wrongField(file: string, field: string, expected: string, came: unknown): ModelError {
  const shown = came === undefined ? "it is missing" : `it is ${show(came)}`;
  return new ModelError(`${file}: ${field} should be ${expected}; ${shown}. ${REMEDY}`);
}

/** The error for a model's file that contradicts itself, or that Quire cannot follow. */
export function wrongFile(file: string, problem: string): ModelError {
  return new ModelError(`${file}: ${problem}. ${REMEDY}`);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

const REMEDY = "Choose another model, or the file as this one's authors published it.";
