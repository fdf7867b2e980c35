import { describe, expect, it } from "vitest";
import { CapacityError, DeviceError } from "../../../src/errors.ts";
import { parseLlamaConfig } from "../../../src/model/config.ts";
import { requiredTensors } from "../../../src/model/tensors.ts";
import { chooseRunner } from "../../../src/runtime/choose-runner.ts";
import type { TensorInfo } from "../../../src/store/model-folder.ts";
import { checkMemory } from "../../../src/wasm/load-weights.ts";
import { Ort } from "../../../src/wasm/ort.ts";
import type { OrtModule } from "../../../src/wasm/ort-module.ts";
import { TINY_CONFIG } from "../../support/model-files.ts";
import { openOrt } from "../../support/wasm-runner.ts";

describe("what may go wrong in WebAssembly", () => {
  it("a file that does not load is told of with its reason and a remedy", async () => {
    const factory = () => Promise.reject(new Error("404 : ort.wasm"));
    const opening = Ort.open(factory, 1);
    await expect(opening).rejects.toThrow(DeviceError);
    await expect(opening).rejects.toThrow(
      /could not be started: 404 : ort.wasm.*Check that the page's server/,
    );
  });

  it("memory that ends is told of with the bytes wanted and there, and what is taken can be given back", async () => {
    const ort = await openOrt();
    const taken: number[] = [];
    const takeAll = () => {
      while (true) taken.push(ort.take(2 ** 30));
    };
    expect(takeAll).toThrow(CapacityError);
    expect(takeAll).toThrow(/1073741824 bytes more were wanted, \d+ of at most 4294967296 bytes are taken/);
    for (const pointer of taken) ort.giveBack(pointer);
    ort.giveBack(ort.take(2 ** 28));
  });

  it("a graph that onnxruntime refuses is told of in its words", async () => {
    const ort = await openOrt();
    const values = [{ name: "x", type: "f32", shape: [1] }] as const;
    const nodes = [{ op: "NoSuchOperator", inputs: ["x"], outputs: ["y"] }];
    const outputs = [{ name: "y", type: "f32", shape: [1] }] as const;
    const session = ort.session({ inputs: values, outputs, constants: [], nodes });
    await expect(session).rejects.toThrow(/onnxruntime could not compile the model: .*NoSuchOperator/);
  });

  it("a model that cannot fit is refused by its numbers", () => {
    const config = parseLlamaConfig({
      ...TINY_CONFIG,
      hidden_size: 4096,
      vocab_size: 600_000,
      intermediate_size: 8192,
    });
    const tensors = new Map(
      requiredTensors(config).map(({ name, shape }): [string, TensorInfo] => [
        name,
        {
          name,
          shape,
          type: "BF16",
          file: "model.safetensors",
          start: 0,
          end: 2 * shape.reduce((a, b) => a * b, 1),
        },
      ]),
    );
    const needs = { config, tensors, form: "int8", stateBytes: 0 } as const;
    expect(() => checkMemory(needs)).toThrow(CapacityError);
    expect(() => checkMemory(needs)).toThrow(
      /needs \d{10,} bytes in WebAssembly, whose memory is 4294967296 bytes/,
    );
  });

  it("what onnxruntime says of its memory is a lack of capacity", async () => {
    const real = await openOrt();
    const message = real.take(64);
    real.bytes(message, 64).set(new TextEncoder().encode("std::bad_alloc\0"));
    const fake = {
      HEAPU8: real.bytes(0, real.memoryBytes),
      stackSave: () => 0,
      stackRestore: () => {},
      stackAlloc: () => 0,
      getValue: () => message,
      UTF8ToString: () => "std::bad_alloc",
      _OrtInit: () => 6,
      _OrtGetLastError: () => 0,
    } as unknown as OrtModule;
    await expect(Ort.open(async () => fake, 1)).rejects.toThrow(/memory is exhausted: memory to start/);
  });
});

describe("the choice of a runner", () => {
  const gpuWith = (info: Partial<GPUAdapterInfo> | undefined) =>
    ({ requestAdapter: async () => (info ? { info } : null) }) as unknown as GPU;

  it("follows what the browser has, and says why", async () => {
    const nvidia = gpuWith({ vendor: "nvidia", architecture: "ada", device: "", description: "" });
    const software = gpuWith({ vendor: "google", architecture: "swiftshader", device: "", description: "" });
    expect(await chooseRunner({}, nvidia)).toEqual({
      kind: "webgpu",
      reason: expect.stringContaining("graphics"),
    });
    expect(await chooseRunner({}, software)).toMatchObject({
      kind: "wasm",
      reason: "WebGPU has only a software adapter here",
    });
    expect(await chooseRunner({}, gpuWith(undefined))).toMatchObject({ kind: "wasm" });
    expect(await chooseRunner({}, undefined)).toMatchObject({ kind: "wasm" });
  });

  it("is the caller's where the caller makes it", async () => {
    expect(await chooseRunner({ runner: "webgpu" }, undefined)).toMatchObject({ kind: "webgpu" });
    expect(await chooseRunner({ runner: "wasm" }, undefined)).toMatchObject({
      kind: "wasm",
      reason: "it was asked for",
    });
  });
});
