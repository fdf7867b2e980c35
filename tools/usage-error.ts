import { InputError } from "../src/errors.ts";

/** Whether an error is a wrong word on the command line, which needs no stack to be understood. */
export function isUsageError(error: unknown): error is Error {
  const { code } = (error ?? {}) as { code?: string };
  return (
    error instanceof InputError || (typeof code === "string" && code.startsWith("ERR_PARSE_ARGS") === true)
  );
}
