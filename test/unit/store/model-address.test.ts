import { afterEach, describe, expect, test, vi } from "vitest";
import { InputError } from "../../../src/errors.ts";
import { resolveSource } from "../../../src/store/model-address.ts";

const PAGE = "https://page.example/chat/index.html?model=x#top";

afterEach(() => vi.unstubAllGlobals());

/** The address a model's file is asked for at. */
async function addressOf(model: string, path = "config.json", baseUrl = PAGE): Promise<string> {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url);
    return new Response("", { status: 404 });
  });
  await resolveSource(model, { baseUrl }).open(path);
  return asked[0]!;
}

describe("resolveSource", () => {
  test.each([
    ["https://a.example/models/tiny", "https://a.example/models/tiny/config.json"],
    ["https://a.example/models/tiny/", "https://a.example/models/tiny/config.json"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/config.json"],
    ["HTTPS://A.example/x", "https://a.example/x/config.json"],
    ["https://a.example/tiny?token=1&v=2#top", "https://a.example/tiny/config.json?token=1&v=2"],
    ["/models/tiny", "https://page.example/models/tiny/config.json"],
    ["./tiny", "https://page.example/chat/tiny/config.json"],
    ["../my model", "https://page.example/my%20model/config.json"],
    ["//other.example/tiny", "https://other.example/tiny/config.json"],
  ])("%s is an address", async (model, expected) => {
    expect(await addressOf(model)).toBe(expected);
  });

  test.each([
    ["owner/name", "owner/name/resolve/main/config.json"],
    ["Qwen/Qwen2.5-0.5B-Instruct", "Qwen/Qwen2.5-0.5B-Instruct/resolve/main/config.json"],
    ["owner/name@v1.0", "owner/name/resolve/v1.0/config.json"],
    ["owner/name@refs/pr/1", "owner/name/resolve/refs%2Fpr%2F1/config.json"],
    ["https://huggingface.co/owner/name", "owner/name/resolve/main/config.json"],
    ["https://huggingface.co/owner/name/tree/dev", "owner/name/resolve/dev/config.json"],
  ])("%s is a repository of the hub", async (model, expected) => {
    expect(await addressOf(model)).toBe(`https://huggingface.co/${expected}`);
  });

  test("is called by what was asked for, without its query", () => {
    expect(resolveSource("owner/name@dev", { baseUrl: PAGE }).label).toBe("owner/name@dev");
    expect(resolveSource("owner/name", { baseUrl: PAGE }).label).toBe("owner/name");
    expect(resolveSource("./tiny?token=secret", { baseUrl: PAGE }).label).toBe(
      "https://page.example/chat/tiny/",
    );
  });

  test.each([
    ["", "it is neither"],
    ["gpt2", "it is neither"],
    ["a/b/c", "it is neither"],
    ["../../etc/passwd@", "it makes no address with about:blank", "about:blank"],
    ["owner/..", "it is neither"],
    ["ftp://a.example/tiny", "it is neither"],
    ["file:///tiny", "it is neither"],
    ["C:/models/tiny", "it is neither"],
    ["https://", "it makes no address"],
    ["./tiny", "it makes no address with blob:x", "blob:x"],
    ["./tiny", "it leads to file:", "file:///home/page.html"],
    ["https://user:password@a.example/tiny", 'it carries a password, which fetch refuses: "a.example"'],
  ])("%s is refused", (model, came, baseUrl = PAGE) => {
    expect(() => resolveSource(model, { baseUrl })).toThrow(InputError);
    expect(() => resolveSource(model, { baseUrl })).toThrow(came);
  });

  test("what is no text is refused", () => {
    expect(() => resolveSource(7 as unknown as string, { baseUrl: PAGE })).toThrow("it is neither: 7");
  });
});
