import { abortReason, ModelError } from "../errors.ts";
import { request, shownUrl } from "./request.ts";
import type { ByteRange, FileSource, OpenFile } from "./source.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Pauses before a request is tried again, in the order of the tries. */
const RETRY_DELAYS_MS = [500, 1000, 2000];

/** A model folder on the web, each file at the address that `urlOf` gives it. */
export function webSource(
  label: string,
  urlOf: (path: string) => string,
  retryDelaysMs: readonly number[] = RETRY_DELAYS_MS,
): FileSource {
  return {
    label,
    async open(path, { range, signal } = {}) {
      const url = urlOf(path);
      const response = await request(url, range, signal, retryDelaysMs);
      try {
        return openFile(response, url, range, signal);
      } catch (error) {
        response.body?.cancel().catch(() => {});
        throw error;
      }
    },
  };
}

/** The file in a server's answer; undefined where the answer is that there is none. */
function openFile(
  response: Response,
  url: string,
  range: ByteRange | undefined,
  signal: AbortSignal | undefined,
): OpenFile | undefined {
  const { status } = response;
  if (status === 404 || status === 410 || (status === 200 && isPage(response))) {
    response.body?.cancel().catch(() => {});
    return undefined;
  }
  if (status === 401 || status === 403) {
    throw new ModelError(
      `${shownUrl(url)} may not be read: the server answered ${status}. The model is private, gated or not ` +
        "there: choose a public one, or serve its files yourself.",
    );
  }
  const place = placeOf(response, url, range);
  return { ...place, stream: status === 416 ? emptyStream() : fileStream(response, url, signal) };
}

/** A server of single-page apps answers for a missing file with its page. No file of a model is one. */
function isPage(response: Response): boolean {
  return /^\s*text\/html\b/i.test(response.headers.get("content-type") ?? "");
}

/** Which part of the file an answer brings, from its status and headers. */
function placeOf(
  response: Response,
  url: string,
  range: ByteRange | undefined,
): Pick<OpenFile, "start" | "sizeBytes"> {
  const { status } = response;
  if (status === 200) return { start: 0, sizeBytes: contentLength(response, range !== undefined) };
  if (range && status === 206) return contentRange(response, url, range);
  if (range && status === 416) return beyondEnd(response, url, range);
  throw new ModelError(
    `${shownUrl(url)} should be answered with the file (status 200 or 206) or as missing (404); the server ` +
      `answered ${status}. Check the model's address.`,
  );
}

/**
 * `Content-Length`, where it is the file's own. It counts compressed bytes where the body is compressed, and
 * another origin hides whether it is; a request for a range asks for it plain (the Fetch standard).
 */
function contentLength(response: Response, ranged: boolean): number | undefined {
  const { headers } = response;
  const encoded = (headers.get("content-encoding") ?? "identity") !== "identity";
  if (encoded || (response.type === "cors" && !ranged)) return undefined;
  const length = headers.get("content-length");
  return length !== null && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}

function contentRange(
  response: Response,
  url: string,
  range: ByteRange,
): Pick<OpenFile, "start" | "sizeBytes"> {
  const header = response.headers.get("content-range");
  // Another origin may hide it; then what was asked for is all there is to go by.
  if (header === null && response.type === "cors") return { start: range.start, sizeBytes: undefined };
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header ?? "");
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  const sizeBytes = match?.[3] === "*" ? undefined : Number(match?.[3]);
  if (match && first <= last && last < (sizeBytes ?? Number.POSITIVE_INFINITY)) {
    return { start: first, sizeBytes };
  }
  throw wrongRange(url, `"bytes first-last/size" for the bytes from ${range.start}`, header);
}

/** The range begins at the file's end or behind it. */
function beyondEnd(
  response: Response,
  url: string,
  { start }: ByteRange,
): Pick<OpenFile, "start" | "sizeBytes"> {
  const header = response.headers.get("content-range");
  const size = /^bytes \*\/(\d{1,15})$/.exec(header ?? "")?.[1];
  const sizeBytes = size === undefined ? undefined : Number(size);
  if (sizeBytes !== undefined && sizeBytes > start) {
    throw wrongRange(url, `the bytes from ${start}, which the file has,`, header);
  }
  return { start, sizeBytes };
}

function wrongRange(url: string, expected: string, came: string | null): ModelError {
  return new ModelError(
    `${shownUrl(url)}: Content-Range should be ${expected}; it is ${JSON.stringify(came)}. ` +
      "The server's answers to range requests are wrong: serve the folder with another one.",
  );
}

/** The body, as it arrives; where the connection breaks off it fails with a ModelError. */
function fileStream({ body }: Response, url: string, signal: AbortSignal | undefined): ReadableStream<Bytes> {
  if (!body) return emptyStream();
  const reader = body.getReader();
  let receivedBytes = 0;
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error) => {
          if (signal?.aborted) throw abortReason(signal);
          throw new ModelError(
            `The connection to ${shownUrl(url)} broke off after ${receivedBytes} bytes ` +
              `(${(error as Error).message}). Load the model again.`,
          );
        });
        if (done) return controller.close();
        receivedBytes += value.length;
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

function emptyStream(): ReadableStream<Bytes> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
