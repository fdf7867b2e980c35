import { abortReason, ModelError } from "../errors.ts";
import { orAbort } from "./abort.ts";
import type { ByteRange } from "./source.ts";

/**
 * Asks for a file, or a range of it, once more after each of the pauses while the network or the server
 * fails. Resolves with an answer that is not such a failure, whatever its status.
 *
 * @throws ModelError with the address and what went wrong when the last try fails too.
 */
export async function request(
  url: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
  retryDelaysMs: readonly number[],
): Promise<Response> {
  for (let attempt = 0; ; attempt++) {
    const answer = await ask(url, range, signal);
    if (answer instanceof Response && !isPassing(answer.status)) return answer;
    if (answer instanceof Response) answer.body?.cancel().catch(() => {});
    const delayMs = retryDelaysMs[attempt];
    if (delayMs === undefined) throw failure(url, answer, attempt + 1);
    await orAbort(new Promise((resolve) => setTimeout(resolve, delayMs)), signal);
  }
}

/** One try: the answer, or the error of the network. */
async function ask(
  url: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): Promise<Response | Error> {
  const headers = range ? { Range: rangeHeader(range) } : {};
  try {
    return await fetch(url, { headers, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw abortReason(signal);
    return error as Error;
  }
}

function rangeHeader({ start, end }: ByteRange): string {
  return `bytes=${start}-${end === Number.POSITIVE_INFINITY ? "" : end - 1}`;
}

/** Whether a status may be another one soon: timeouts, too many requests, a server in trouble. */
function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

function failure(url: string, answer: Response | Error, tries: number): ModelError {
  const tried = `${tries} ${tries === 1 ? "try" : "tries"}`;
  if (answer instanceof Response) {
    return new ModelError(
      `${shownUrl(url)} could not be read: the server answered ${answer.status} to ${tried}. Try again later.`,
    );
  }
  return new ModelError(
    `${shownUrl(url)} could not be reached in ${tried} (${answer.message}). Check the connection, and that the ` +
      "server is there and lets other pages read from it (CORS).",
  );
}

/** An address as messages show it: without its query, which may hold an access token. */
export function shownUrl(url: string): string {
  return url.replace(/[?#].*$/s, "");
}
