/**
 * The parts of onnxruntime's WebAssembly module that Quire calls, by the names its build exports. Pointers and
 * handles are byte addresses in the module's memory; 0 stands for failure.
 */
export interface OrtModule {
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(byteCount: number): number;
  _free(pointer: number): void;
  stackSave(): number;
  stackRestore(stack: number): void;
  stackAlloc(byteCount: number): number;
  getValue(pointer: number, type: "i32" | "*"): number;
  UTF8ToString(pointer: number): string;
  mountExternalData(name: string, bytes: Uint8Array): void;
  unmountExternalData(): void;
  _OrtInit(threadCount: number, loggingLevel: number): number;
  _OrtGetLastError(codePointer: number, messagePointer: number): number;
  _OrtCreateSessionOptions(
    graphOptimizationLevel: number,
    memoryArena: boolean,
    memoryPattern: boolean,
    executionMode: number,
    profiling: boolean,
    profileFilePrefix: number,
    logId: number,
    logSeverityLevel: number,
    logVerbosityLevel: number,
    optimizedModelPath: number,
  ): number;
  _OrtAddSessionConfigEntry(options: number, key: number, value: number): number;
  _OrtReleaseSessionOptions(options: number): number;
  _OrtCreateSession(model: number, byteCount: number, options: number): number | Promise<number>;
  _OrtReleaseSession(session: number): number;
  _OrtCreateTensor(
    type: number,
    data: number,
    byteCount: number,
    dims: number,
    dimCount: number,
    location: number,
  ): number;
  _OrtReleaseTensor(tensor: number): number;
  _OrtRun(
    session: number,
    inputNames: number,
    inputs: number,
    inputCount: number,
    outputNames: number,
    outputCount: number,
    outputs: number,
    runOptions: number,
  ): number | Promise<number>;
}

/** Instantiates the module; what onnxruntime-web's own `.mjs` exports by default. */
export type OrtFactory = (options: {
  readonly numThreads: number;
  readonly wasmBinary?: Uint8Array;
  readonly locateFile?: (name: string) => string;
}) => Promise<OrtModule>;
