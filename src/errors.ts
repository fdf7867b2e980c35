/**
 * The errors Quire raises. Each has its own `name`, because a class does not
 * survive the trip from the worker to the page and a name does.
 *
 * A message says what was expected, what came, and what to do about it.
 */

/** A model folder is broken, incomplete or of a kind Quire cannot run. */
export class ModelError extends Error {
  override readonly name = "ModelError";
}

/** An argument of the caller's is out of range or of the wrong form. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Something does not fit: a model in memory, a prompt in the context. */
export class CapacityError extends Error {
  override readonly name = "CapacityError";
}

/** There is no usable GPU, or it was lost. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}

/** The worker that runs the model died or was disposed of. */
export class WorkerError extends Error {
  override readonly name = "WorkerError";
}

/** The error an aborted operation rejects with: the signal's own reason, or a plain `AbortError`. */
export function abortReason(signal: AbortSignal): unknown {
  return signal.reason ?? new DOMException("The operation was aborted.", "AbortError");
}

const classes = { ModelError, InputError, CapacityError, DeviceError, WorkerError };

/** An error of the right class again, from what crossed a thread. */
export function reviveError(error: unknown): unknown {
  const { name, message } = error as { name?: unknown; message?: unknown };
  if (typeof name !== "string" || typeof message !== "string") return error;
  if (name in classes) return new classes[name as keyof typeof classes](message);
  return error instanceof Error ? error : Object.assign(new Error(message), { name });
}
