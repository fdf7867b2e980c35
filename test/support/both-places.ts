import type { FileSource } from "../../src/store/source.ts";
import type { Ort } from "../../src/wasm/ort.ts";

const inBrowser = "window" in globalThis;

/** The bundled model's folder, for tests that run in Node and in a browser. */
export async function demoModelSource(): Promise<FileSource> {
  if (inBrowser) {
    const { resolveSource } = await import("../../src/store/model-address.ts");
    return resolveSource("/models/quire-demo/", { baseUrl: location.href });
  }
  const { folderSource } = await import("../../tools/folder-source.ts");
  return folderSource("public/models/quire-demo");
}

/** onnxruntime's module, wherever the test runs. */
export async function openOrtAnywhere(): Promise<Ort> {
  if (inBrowser) return (await import("../../src/wasm/open-ort.ts")).openOrt();
  const { Ort } = await import("../../src/wasm/ort.ts");
  const name = "onnxruntime-web/ort-wasm-simd-threaded.mjs"; // not for the browser's bundler to find
  return Ort.open((await import(/* @vite-ignore */ name)).default, 1);
}
