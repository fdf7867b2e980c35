import { CapacityError, DeviceError } from "../errors.ts";
import {
  byteCount,
  ELEMENT_TYPES,
  type ElementType,
  encodeModel,
  type OnnxConstant,
  type OnnxGraph,
} from "./onnx-writer.ts";
import type { OrtFactory, OrtModule } from "./ort-module.ts";

/** Log what goes wrong and nothing else. */
const LOG_ERRORS = 3;
const ALL_OPTIMIZATIONS = 99;
const SEQUENTIAL = 0;
const ON_CPU = 1;

/** A constant that stands in the module's memory. */
export interface PlacedConstant {
  readonly constant: OnnxConstant;
  readonly pointer: number;
}

/** Address space of WebAssembly with 32-bit pointers. */
export const WASM_MEMORY_BYTES = 2 ** 32;

/**
 * onnxruntime in WebAssembly, spoken to by its C interface. The JavaScript that comes with it copies every input
 * and output into and out of the module's memory on each run, the KV cache included; here tensors are places in
 * that memory, and nothing is copied.
 */
export class Ort {
  readonly threadCount: number;
  readonly #module: OrtModule;

  private constructor(module: OrtModule, threadCount: number) {
    this.#module = module;
    this.threadCount = threadCount;
  }

  /** Starts the module and its threads. Throws a DeviceError that says what could not be had. */
  static async open(factory: OrtFactory, threadCount: number): Promise<Ort> {
    const module = await start(factory, threadCount);
    const ort = new Ort(module, threadCount);
    ort.#check(module._OrtInit(threadCount, LOG_ERRORS), "start");
    return ort;
  }

  /** Bytes the module's memory has grown to. */
  get memoryBytes(): number {
    return this.#module.HEAPU8.length;
  }

  /** Takes memory; throws a CapacityError when WebAssembly has no more. */
  take(bytes: number): number {
    const pointer = this.#module._malloc(Math.max(bytes, 4));
    if (pointer === 0) throw this.#exhausted(`${bytes} bytes more`);
    return pointer >>> 0;
  }

  giveBack(pointer: number): void {
    this.#module._free(pointer);
  }

  // A view lasts until the memory next grows, that is until something is taken or run.

  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#module.HEAPU8.subarray(pointer, pointer + length);
  }

  floats(pointer: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#module.HEAPU8.buffer, pointer, length);
  }

  integers(pointer: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#module.HEAPU8.buffer, pointer, length);
  }

  /** A tensor over the memory at `pointer`, which stays the caller's. */
  tensor(type: ElementType, pointer: number, shape: readonly number[]): number {
    const module = this.#module;
    const stack = module.stackSave();
    const dims = module.stackAlloc(4 * shape.length);
    this.integers(dims, shape.length).set(shape);
    const tensor = module._OrtCreateTensor(
      ELEMENT_TYPES[type],
      pointer,
      byteCount({ type, shape }),
      dims,
      shape.length,
      ON_CPU,
    );
    module.stackRestore(stack);
    if (tensor === 0) this.#check(1, "make a tensor");
    return tensor;
  }

  releaseTensor(tensor: number): void {
    this.#module._OrtReleaseTensor(tensor);
  }

  /** Compiles a graph with those of its constants that it does not contain itself; it keeps copies of them. */
  async session(graph: OnnxGraph, constants: readonly PlacedConstant[] = []): Promise<Session> {
    const module = this.#module;
    const model = encodeModel(graph);
    const pointer = this.take(model.length);
    module.HEAPU8.set(model, pointer);
    const options = module._OrtCreateSessionOptions(
      ALL_OPTIMIZATIONS,
      true,
      true,
      SEQUENTIAL,
      false,
      0,
      0,
      LOG_ERRORS,
      0,
      0,
    );
    for (const { constant, pointer } of constants) {
      module.mountExternalData(constant.name, this.bytes(pointer, byteCount(constant)));
    }
    try {
      const handle = await module._OrtCreateSession(pointer, model.length, options);
      if (handle === 0) this.#check(1, "compile the model");
      return new Session(this, handle, graph);
    } finally {
      module.unmountExternalData();
      module._OrtReleaseSessionOptions(options);
      module._free(pointer);
    }
  }

  /** @internal */
  releaseSession(session: number): void {
    this.#module._OrtReleaseSession(session);
  }

  /** Runs a compiled graph; the arguments are addresses of arrays of names and tensors. @internal */
  run(session: number, names: RunNames, inputs: readonly number[], outputs: readonly number[]): void {
    const module = this.#module;
    const stack = module.stackSave();
    try {
      const tensors = module.stackAlloc(4 * (inputs.length + outputs.length));
      this.integers(tensors, inputs.length + outputs.length).set([...inputs, ...outputs]);
      const outputsAt = tensors + 4 * inputs.length;
      const code = module._OrtRun(
        session,
        names.inputs,
        tensors,
        inputs.length,
        names.outputs,
        outputs.length,
        outputsAt,
        0,
      );
      this.#check(code as number, "run the model");
    } finally {
      module.stackRestore(stack);
    }
  }

  /** Throws what onnxruntime says went wrong, where a call returned anything but 0. */
  #check(code: number, task: string): void {
    if (code === 0) return;
    const module = this.#module;
    const stack = module.stackSave();
    const places = module.stackAlloc(8);
    module._OrtGetLastError(places, places + 4);
    const message = module.UTF8ToString(module.getValue(places + 4, "*"));
    module.stackRestore(stack);
    if (/bad.?alloc|out of memory|failed to allocate/i.test(message))
      throw this.#exhausted(`memory to ${task}`);
    throw new DeviceError(`onnxruntime could not ${task}: ${message}`);
  }

  #exhausted(wanted: string): CapacityError {
    return new CapacityError(
      `WebAssembly's memory is exhausted: ${wanted} were wanted, ${this.memoryBytes} of at most ` +
        `${WASM_MEMORY_BYTES} bytes are taken. Choose a smaller model or a shorter context, or close other tabs.`,
    );
  }
}

interface RunNames {
  readonly inputs: number;
  readonly outputs: number;
}

/** A compiled graph. */
export class Session {
  readonly #ort: Ort;
  readonly #handle: number;
  readonly #names: RunNames;
  readonly #taken: number[] = [];

  constructor(ort: Ort, handle: number, { inputs, outputs }: OnnxGraph) {
    this.#ort = ort;
    this.#handle = handle;
    this.#names = { inputs: this.#list(inputs), outputs: this.#list(outputs) };
  }

  /** Computes the outputs, in the memory of their tensors, from the inputs; both in the graph's order. */
  run(inputs: readonly number[], outputs: readonly number[]): void {
    this.#ort.run(this.#handle, this.#names, inputs, outputs);
  }

  dispose(): void {
    this.#ort.releaseSession(this.#handle);
    for (const pointer of this.#taken) this.#ort.giveBack(pointer);
  }

  /** An array of C strings. */
  #list(values: readonly { readonly name: string }[]): number {
    const pointers = values.map(({ name }) => {
      const text = new TextEncoder().encode(`${name}\0`);
      const pointer = this.#take(text.length);
      this.#ort.bytes(pointer, text.length).set(text);
      return pointer;
    });
    const list = this.#take(4 * pointers.length);
    this.#ort.integers(list, pointers.length).set(pointers);
    return list;
  }

  #take(bytes: number): number {
    const pointer = this.#ort.take(bytes);
    this.#taken.push(pointer);
    return pointer;
  }
}

async function start(factory: OrtFactory, threadCount: number): Promise<OrtModule> {
  const threads = watchThreads();
  try {
    return await Promise.race([factory({ numThreads: threadCount }), threads.failure]);
  } catch (error) {
    if (error instanceof DeviceError) throw error;
    throw new DeviceError(
      `onnxruntime's WebAssembly file could not be started: ${messageOf(error)}. Check that the page's server offers ` +
        "it, and that the browser knows WebAssembly with SIMD.",
    );
  } finally {
    threads.ignore();
  }
}

/**
 * The module starts its threads long before it listens to them, and would wait for ever for one whose script
 * did not load. While it starts, every worker is therefore listened to from its birth.
 */
function watchThreads(): { readonly failure: Promise<never>; ignore(): void } {
  const { Worker: PlainWorker } = globalThis;
  let fail: () => void = () => {};
  const failure = new Promise<never>((_, reject) => {
    fail = () =>
      reject(
        new DeviceError(
          "onnxruntime's threads could not be started. Check that the page's server offers onnxruntime's script to " +
            "workers too, or serve the page without cross-origin isolation: it then runs on one thread.",
        ),
      );
  });
  failure.catch(() => {});
  if (!PlainWorker) return { failure, ignore: () => {} };
  globalThis.Worker = class extends PlainWorker {
    constructor(...parameters: ConstructorParameters<typeof Worker>) {
      super(...parameters);
      this.addEventListener("error", fail);
    }
  };
  return {
    failure,
    ignore: () => {
      globalThis.Worker = PlainWorker;
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
