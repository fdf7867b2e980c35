import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelError } from "../../../src/errors.ts";
import { readFile, readRange } from "../../../src/store/read-file.ts";
import type { FileSource } from "../../../src/store/source.ts";
import { webSource } from "../../../src/store/web-source.ts";
import { behave, cutAfter, type Misbehaviour, status, WebServer } from "../../support/web-server.ts";

const FILE = Uint8Array.from({ length: 30_000 }, (_, i) => (i * 31) % 251);
const RANGE = { start: 1000, end: 2000 };
const NO_PAUSES = [0, 0, 0];

let server: WebServer;
let source: FileSource;

beforeEach(async () => {
  server = await WebServer.start(new Map([["model.bin", FILE]]));
  source = webSource(server.url, (path) => `${server.url}/folder/${path}?token=secret`, NO_PAUSES);
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await server.stop();
});

const misbehave = (...moods: Misbehaviour[]) => server.misbehave.set("model.bin", moods);
const answer = (
  code: number,
  headers: Record<string, string | number>,
  body: Uint8Array = FILE,
): Misbehaviour => {
  return (response) => void response.writeHead(code, headers).end(body);
};
const whole = () => readFile(source, "model.bin", FILE.length);
const part = async () => (await readRange(source, "model.bin", RANGE))?.bytes;

describe("a server that does as it should", () => {
  test("brings a whole file and its size", async () => {
    expect(await whole()).toEqual(FILE);
    expect((await source.open("model.bin"))?.sizeBytes).toBe(FILE.length);
  });

  test("brings a range of it and the size of the whole", async () => {
    expect(await readRange(source, "model.bin", RANGE)).toEqual({
      bytes: FILE.slice(1000, 2000),
      sizeBytes: FILE.length,
    });
    expect(server.requests).toEqual(["/folder/model.bin?token=secret bytes=1000-1999"]);
  });

  test("has no file where it says 404 or 410", async () => {
    expect(await source.open("other.bin")).toBeUndefined();
    misbehave(status(410));
    expect(await whole()).toBeUndefined();
  });

  test("a range behind the file's end is empty", async () => {
    const range = { start: FILE.length, end: FILE.length + 10 };
    expect(await readRange(source, "model.bin", range)).toEqual({
      bytes: new Uint8Array(0),
      sizeBytes: FILE.length,
    });
  });
});

describe("a server that does less than it should", () => {
  test("without ranges, its whole file is read as far as needed and the connection closed", async () => {
    misbehave((response, file) => void response.writeHead(200).write(file));
    expect(await part()).toEqual(FILE.slice(1000, 2000));
    await vi.waitFor(() => expect(server.abandonedCount).toBe(1));
  });

  test("an HTML page in place of a file is no file", async () => {
    misbehave(answer(200, { "content-type": "text/html; charset=utf-8" }));
    expect(await whole()).toBeUndefined();
    expect(await part()).toBeUndefined();
  });

  test("a compressed file's Content-Length is not its size", async () => {
    const packed = gzipSync(FILE);
    misbehave(answer(200, { "content-encoding": "gzip", "content-length": packed.length }, packed));
    expect((await source.open("model.bin"))?.sizeBytes).toBeUndefined();
    expect(await whole()).toEqual(FILE);
  });

  test("a file of unknown length ends where the connection ends", async () => {
    misbehave((response) => {
      response.writeHead(200, {});
      response.write(FILE);
      response.end();
    });
    expect(await whole()).toEqual(FILE);
    expect(server.requests).toHaveLength(1);
  });

  test("a slow server is waited for", async () => {
    misbehave(async (response, file) => {
      response.writeHead(200);
      for (const end of [10_000, 20_000, 30_000]) {
        response.write(file.subarray(end - 10_000, end));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      response.end();
    });
    expect(await whole()).toEqual(FILE);
  });

  test.each([408, 429, 500, 502, 503, 504])("status %i is tried again", async (code) => {
    misbehave(status(code), status(code), behave);
    expect(await whole()).toEqual(FILE);
    expect(server.requests).toHaveLength(3);
  });

  test("a connection that is dropped before the answer is tried again", async () => {
    misbehave((response) => void response.destroy(), behave);
    expect(await whole()).toEqual(FILE);
  });

  test("a file goes on where the connection was cut, again and again", async () => {
    misbehave(cutAfter(12_000));
    expect(await whole()).toEqual(FILE);
    expect(server.requests.map((request) => request.split(" ")[1])).toEqual([
      undefined,
      "bytes=12000-",
      "bytes=24000-",
    ]);
  });
});

const range206 = (contentRange: string) =>
  answer(206, { "content-range": contentRange }, FILE.slice(0, 1000));

describe("a server that does wrong", () => {
  test.each<[string, Misbehaviour, string]>([
    ["500", status(500), "/folder/model.bin could not be read: the server answered 500 to 4 tries"],
    ["401", status(401), "/folder/model.bin may not be read: the server answered 401. The model is private"],
    ["403", status(403), "the server answered 403"],
    ["400", status(400), "should be answered with the file (status 200 or 206) or as missing (404)"],
    ["204", status(204), "the server answered 204"],
    ["no answer", (response) => void response.destroy(), "/folder/model.bin could not be reached in 4 tries"],
    ["cut at once", cutAfter(0), "/folder/model.bin broke off after 0 bytes"],
  ])("whole file, %s", async (_, mood, message) => {
    misbehave(mood);
    const reading = whole();
    await expect(reading).rejects.toThrow(ModelError);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.not.toThrow("secret");
  });

  test.each<[string, Misbehaviour, string]>([
    [
      "no Content-Range",
      answer(206, {}),
      'should be "bytes first-last/size" for the bytes from 1000; it is null',
    ],
    ["no range at all", range206("0-999"), 'it is "0-999"'],
    ["a range upside down", range206("bytes 1999-1000/30000"), 'it is "bytes 1999-1000/30000"'],
    ["a range beyond its size", range206("bytes 1000-1999/1500"), 'it is "bytes 1000-1999/1500"'],
    ["numbers past counting", range206(`bytes 1000-1999/${"9".repeat(30)}`), "should be"],
    ["another range", range206("bytes 1001-2000/30000"), "asked for from byte 1000 and came from byte 1001"],
    ["416 within the file", answer(416, { "content-range": "bytes */30000" }), "which the file has"],
  ])("range, %s", async (_, mood, message) => {
    misbehave(mood);
    const reading = part();
    await expect(reading).rejects.toThrow(ModelError);
    await expect(reading).rejects.toThrow(message);
  });

  test("206 to a request for the whole file is refused: which part came is not to be trusted", async () => {
    misbehave(range206("bytes 0-999/30000"));
    await expect(whole()).rejects.toThrow("the server answered 206");
  });
});

describe("an abort", () => {
  test.each<[string, Misbehaviour]>([
    ["before the answer", () => {}],
    ["within the file", (response) => void response.writeHead(200).write(FILE.subarray(0, 1000))],
  ])("%s rejects with the reason and closes the connection", async (_, mood) => {
    const controller = new AbortController();
    const arrived = new Promise<void>((resolve) => {
      misbehave((...request) => {
        mood(...request);
        setTimeout(resolve, 50);
      });
    });
    const reading = readFile(source, "model.bin", FILE.length, controller.signal);
    arrived.then(() => controller.abort(new Error("enough")));
    await expect(reading).rejects.toThrow("enough");
    await vi.waitFor(() => expect(server.abandonedCount).toBe(1));
  });

  test("ends the pause between two tries", async () => {
    const patient = webSource(server.url, (path) => `${server.url}/${path}`, [2 ** 30]);
    misbehave(status(503));
    const controller = new AbortController();
    const reading = readFile(patient, "model.bin", FILE.length, controller.signal);
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    controller.abort(new Error("enough"));
    await expect(reading).rejects.toThrow("enough");
  });
});

describe("another origin, which hides most headers", () => {
  const hidden = (code: number, headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) => {
    const response = new Response(body, { status: code, headers });
    Object.defineProperty(response, "type", { value: "cors" });
    vi.stubGlobal("fetch", async () => response);
  };

  test("a range without a visible Content-Range is taken to be the one asked for", async () => {
    hidden(206, {}, FILE.slice(1000, 2000));
    expect(await part()).toEqual(FILE.slice(1000, 2000));
  });

  test("the length of a whole file is not trusted, since the body may be compressed", async () => {
    hidden(200, { "content-length": "17" }, FILE);
    expect(await whole()).toEqual(FILE);
  });
});
