import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Files } from "./memory-source.ts";

/** What a server does with one request instead of serving the file. */
export type Misbehaviour = (response: ServerResponse, file: Uint8Array, request: IncomingMessage) => void;

/** A web server on this machine that serves files from memory, with ranges, until told to do otherwise. */
export class WebServer {
  /** Requests as `path` or `path range`, in order. */
  readonly requests: string[] = [];
  /** By a file's name, what to do with the next requests for it, one each; the last one stays. */
  readonly misbehave = new Map<string, Misbehaviour[]>();
  readonly #server: Server;
  readonly #files: Files;
  #closed = 0;

  constructor(files: Files) {
    this.#files = files;
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  static async start(files: Files): Promise<WebServer> {
    const server = new WebServer(files);
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Answers whose connection the other side has closed before their end. */
  get abandonedCount(): number {
    return this.#closed;
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range } = request.headers;
    this.requests.push(range ? `${request.url} ${range}` : request.url!);
    response.on("close", () => {
      if (!response.writableFinished) this.#closed++;
    });
    const path = decodeURIComponent(new URL(request.url!, this.url).pathname.split("/").at(-1)!);
    const file = this.#files.get(path);
    const moods = this.misbehave.get(path) ?? [];
    const mood = moods.length > 1 ? moods.shift() : moods[0];
    if (mood) mood(response, file ?? new Uint8Array(0), request);
    else if (file) serve(response, file, range);
    else response.writeHead(404).end("not found");
  }
}

/** Serves a file as it should be served. */
export function serve(response: ServerResponse, file: Uint8Array, range: string | undefined): void {
  const match = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
  if (!match) return void response.writeHead(200, { "content-length": file.length }).end(file);
  const start = Number(match[1]);
  const end = Math.min(file.length, match[2] ? Number(match[2]) + 1 : file.length);
  if (start >= file.length) {
    return void response.writeHead(416, { "content-range": `bytes */${file.length}` }).end();
  }
  response.writeHead(206, {
    "content-range": `bytes ${start}-${end - 1}/${file.length}`,
    "content-length": end - start,
  });
  response.end(file.subarray(start, end));
}

/** Answers with a status and no file. */
export function status(code: number): Misbehaviour {
  return (response) => void response.writeHead(code).end(`status ${code}`);
}

/** Serves the file as it should. */
export const behave: Misbehaviour = (response, file, { headers }) => serve(response, file, headers.range);

/** Promises the rest of the file from the byte asked for, and cuts the connection after `byteCount` bytes. */
export function cutAfter(byteCount: number): Misbehaviour {
  return (response, file, { headers }) => {
    const start = Number(/^bytes=(\d+)/.exec(headers.range ?? "")?.[1] ?? 0);
    const rest = file.subarray(start);
    const place = headers.range && { "content-range": `bytes ${start}-${file.length - 1}/${file.length}` };
    response.writeHead(headers.range ? 206 : 200, { ...place, "content-length": rest.length });
    response.write(rest.subarray(0, byteCount), () => response.destroy());
  };
}
