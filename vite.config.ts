import { defineConfig } from "vite";

// Threads in WebAssembly need a page that is isolated from other origins; hosts must send these two as well.
const headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

// `vite build` makes the chat page; `vite build --mode package` makes what npm ships.
export default defineConfig(({ mode }) => ({
  base: "./",
  server: { headers },
  preview: { headers, port: 4173 },
  worker: { format: "es" },
  ...(mode === "package" ? { publicDir: false } : {}),
  build:
    mode === "package"
      ? {
          outDir: "dist",
          emptyOutDir: false,
          minify: false,
          lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "quire.js" },
          target: "es2022",
        }
      : { outDir: "dist/page", emptyOutDir: true, target: "es2022" },
}));
