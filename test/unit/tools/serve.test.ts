import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, serve } from "../../../tools/serve.ts";

const root = mkdtempSync(join(tmpdir(), "quire-serve-"));
let server: Server;

beforeAll(async () => {
  mkdirSync(join(root, "served"));
  writeFileSync(join(root, "served", "digits.bin"), "0123456789");
  writeFileSync(join(root, "secret.txt"), "secret");
  server = await serve({ page: "<p>page</p>", folders: { "/files/": join(root, "served") } });
});

afterAll(() => {
  server.close();
  rmSync(root, { recursive: true });
});

const get = (path: string, init?: RequestInit) => fetch(server.origin + path, init);

/** Asks for a path as it is written; `fetch` would resolve its dots. */
function statusOf(path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(server.origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path }, (response) => resolve(response.resume().statusCode));
    sent.on("error", reject).end();
  });
}

test("a file comes whole, and in part where a range is asked for", async () => {
  expect(await (await get("/files/digits.bin")).text()).toBe("0123456789");
  const part = await get("/files/digits.bin", { headers: { Range: "bytes=3-5" } });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe("bytes 3-5/10");
  expect(await part.text()).toBe("345");
});

test("the page is isolated from other origins", async () => {
  const page = await get("/");
  expect(await page.text()).toBe("<p>page</p>");
  expect(page.headers.get("cross-origin-opener-policy")).toBe("same-origin");
  expect(page.headers.get("cross-origin-embedder-policy")).toBe("require-corp");
});

test("nothing outside the folders is served, and nothing is written", async () => {
  for (const path of [
    "/secret.txt",
    "/files/none",
    "/files/../secret.txt",
    "/files/%2e%2e/secret.txt",
    "/files/..%2fsecret.txt",
  ]) {
    expect(await statusOf(path), path).toBe(404);
  }
  expect((await get("/files/digits.bin", { method: "PUT", body: "x" })).status).toBe(405);
});
