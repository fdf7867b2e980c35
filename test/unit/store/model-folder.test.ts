import { describe, expect, test } from "vitest";
import { openModelFolder } from "../../../src/store/model-folder.ts";
import type { FileSource, TransferProgress } from "../../../src/store/source.ts";
import { replaced, withEntry, withFields, without } from "../../support/broken-file.ts";
import { memorySource } from "../../support/memory-source.ts";
import { tinyModelFiles } from "../../support/model-files.ts";

const CONFIG = "tokenizer_config.json";
const templateAfter = async (...breaks: ((files: ReturnType<typeof tinyModelFiles>) => void)[]) => {
  const files = tinyModelFiles();
  for (const change of breaks) change(files);
  return (await openModelFolder(memorySource(files))).chatTemplate;
};

describe("openModelFolder", () => {
  test("needs no more than a config, a tokenizer and weights", async () => {
    const files = tinyModelFiles();
    without("generation_config.json", CONFIG)(files);
    const folder = await openModelFolder(memorySource(files));
    expect(folder.generationConfig).toBeUndefined();
    expect(folder.chatTemplate).toBeUndefined();
    expect(folder.tensors.size).toBe(21);
  });

  test("prefers chat_template.jinja, then the tokenizer's own, then its default of several", async () => {
    const named = [
      { name: "tools", template: "B" },
      { name: "default", template: "C" },
    ];
    const own = withFields(CONFIG, { chat_template: "A" });
    expect(await templateAfter(own, replaced("chat_template.jinja", "J"))).toBe("J");
    expect(await templateAfter(own)).toBe("A");
    expect(await templateAfter(withFields(CONFIG, { chat_template: named }))).toBe("C");
    expect(await templateAfter(withFields(CONFIG, { chat_template: [named[0]] }))).toBeUndefined();
    expect(await templateAfter(withFields(CONFIG, { chat_template: null }))).toBeUndefined();
  });

  test("tensors nobody computes with stand apart, so that a model may still have them", async () => {
    const files = tinyModelFiles();
    withEntry("model.norm.weight", { dtype: "I32" })(files);
    const folder = await openModelFolder(memorySource(files));
    expect([...folder.otherTensors]).toEqual([["model.norm.weight", "I32"]]);
    expect(folder.tensors.has("model.norm.weight")).toBe(false);
  });

  test("reads no weights, only their header", async () => {
    const files = tinyModelFiles();
    const source = memorySource(files);
    let read = 0;
    const open: FileSource["open"] = async (path, options) => {
      const file = await source.open(path, options);
      if (path !== "model.safetensors" || !file) return file;
      const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          read += chunk.length;
          controller.enqueue(chunk);
        },
      });
      return { ...file, stream: file.stream.pipeThrough(count) };
    };
    await openModelFolder({ label: source.label, open });
    expect(read).toBeLessThanOrEqual(64 * 1024);
    expect(files.get("model.safetensors")!.length).toBeGreaterThan(2 * 64 * 1024);
  });

  test("tells how many bytes of the small files are there", async () => {
    const files = tinyModelFiles();
    const progress: TransferProgress[] = [];
    await openModelFolder(memorySource(files), { onProgress: (event) => void progress.push(event) });
    const small = [...files].filter(([name]) => name !== "model.safetensors");
    const smallBytes = small.reduce((sum, [, { length }]) => sum + length, 0);
    expect(progress.at(-1)).toEqual({ phase: "open", loadedBytes: smallBytes, totalBytes: 0 });
  });

  test("one broken file ends the reading of the others", async () => {
    const files = tinyModelFiles();
    replaced("config.json", "{")(files);
    const source = memorySource(files);
    let ended = false;
    const open: FileSource["open"] = (path, options) => {
      if (path !== "tokenizer.json") return source.open(path, options);
      return new Promise((_, reject) => {
        options?.signal?.addEventListener("abort", () => {
          ended = true;
          reject(new Error("aborted"));
        });
      });
    };
    await expect(openModelFolder({ label: "slow", open })).rejects.toThrow("config.json is not valid JSON");
    expect(ended).toBe(true);
  });

  test("an abort rejects with its reason while a file is on its way", async () => {
    const controller = new AbortController();
    const open = () => new Promise<undefined>(() => {});
    const opening = openModelFolder({ label: "stalled", open }, { signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(opening).rejects.toThrow("enough");
  });

  test("a small file past all reason is refused before it is read", async () => {
    const source = memorySource(tinyModelFiles());
    const open: FileSource["open"] = async (path, options) => {
      const file = await source.open(path, options);
      return file && path === "config.json" ? { ...file, sizeBytes: 2 ** 40 } : file;
    };
    await expect(openModelFolder({ label: "huge", open })).rejects.toThrow("config.json is larger than");
  });
});
