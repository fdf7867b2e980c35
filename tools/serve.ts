import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import sirv from "sirv";

/** A server of this machine's own files, for browsers on this machine only. */
export interface Server {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  close(): void;
}

export interface ServeOptions {
  /** Folders by the path they are served at, read only: `{ "/model/": "path/to/folder" }`. */
  readonly folders: Readonly<Record<string, string>>;
  /** The page at `/`. */
  readonly page: string;
}

// What a page needs to measure its memory and to share it with threads: isolation from other origins.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

/** Serves folders, with byte ranges, and one page, at a port that is free. */
export async function serve({ folders, page }: ServeOptions): Promise<Server> {
  const mounts = Object.entries(folders).map(([path, folder]) => ({
    path,
    // Looks at the disk for every request, so that a file made later is found too.
    handler: sirv(folder, { dev: true, etag: false }),
  }));
  const server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const notFound = () => void response.writeHead(404).end();
    const url = request.url ?? "/";
    if (request.method !== "GET" && request.method !== "HEAD") return response.writeHead(405).end();
    if (url === "/") return response.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
    const mount = mounts.find(({ path }) => url.startsWith(path));
    if (!mount) return notFound();
    request.url = url.slice(mount.path.length - 1);
    mount.handler(request, response, notFound);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
