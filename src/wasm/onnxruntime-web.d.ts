declare module "onnxruntime-web/ort-wasm-simd-threaded.mjs" {
  const factory: import("./ort-module.ts").OrtFactory;
  export default factory;
}
