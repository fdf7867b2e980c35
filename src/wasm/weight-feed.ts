import type { LlamaConfig } from "../model/config.ts";
import type { TensorInfo, TensorType } from "../store/model-folder.ts";
import { type Stage, scaleName, type WeightConstant, type WeightForm } from "./graph-builder.ts";
import { EMBEDDING, headStage, layerStages } from "./llama-graph.ts";
import type { Ort, Session } from "./ort.ts";
import { RowCutter } from "./row-cutter.ts";

/** The model in the module's memory. */
export interface WasmWeights {
  /** `[vocabSize][hiddenSize]`, as it stands in the file. */
  readonly embedding: { readonly pointer: number; readonly type: TensorType };
  /** See `layerStages`. */
  readonly layers: readonly Session[];
  readonly head: Session;
}

/** A stage whose weights are still coming in. */
interface OpenStage {
  readonly stage: Stage;
  /** Where its constants are put together, by name; in the module's memory, so that they can be freed at once. */
  readonly pointers: Map<string, number>;
  readonly missing: Set<string>;
  session?: Session;
}

/** Rows of a stack, cut into constants of one size but for the last. */
interface Destination {
  readonly open: OpenStage;
  readonly constants: readonly WeightConstant[];
  /** Row of the stack where the tensor begins. */
  readonly firstRow: number;
}

/**
 * Takes a model's weights as they stream in, in any order of tensors, and compiles each stage once all of its
 * own are there: memory holds the weights of few stages beside those that onnxruntime has taken.
 */
export class WeightFeed {
  readonly #ort: Ort;
  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #stages: readonly OpenStage[];
  readonly #destinations = new Map<string, Destination[]>();
  readonly #embedding: number;
  #current: { readonly tensor: TensorInfo; readonly cutter: RowCutter } | undefined;

  constructor(ort: Ort, config: LlamaConfig, tensors: ReadonlyMap<string, TensorInfo>, form: WeightForm) {
    this.#ort = ort;
    this.#tensors = tensors;
    this.#stages = [...layerStages(config, form), headStage(config, form)].map((stage) => ({
      stage,
      pointers: new Map(),
      missing: new Set(stage.weights.flatMap(({ stack }) => stack.tensors)),
    }));
    for (const open of this.#stages) this.#direct(open);
    this.#embedding = ort.take(sizeOf(tensors.get(EMBEDDING)!));
  }

  /** Names of the tensors the model is made of. */
  get names(): Set<string> {
    return new Set([EMBEDDING, ...this.#destinations.keys()]);
  }

  /** Takes `bytes` that stand at byte `offset` of the tensor; a tensor's pieces come in order. */
  async write(tensor: TensorInfo, offset: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (tensor.name === EMBEDDING) this.#ort.bytes(this.#embedding + offset, bytes.length).set(bytes);
    const destinations = this.#destinations.get(tensor.name) ?? [];
    if (destinations.length > 0) this.#cutterFor(tensor, destinations).push(bytes);
    if (offset + bytes.length < sizeOf(tensor)) return;
    for (const { open } of destinations) {
      if (open.missing.delete(tensor.name) && open.missing.size === 0) await this.#compile(open);
    }
  }

  /** The model, once every tensor was written. */
  finish(): WasmWeights {
    const sessions = this.#stages.map(({ session }) => session!);
    const embedding = { pointer: this.#embedding, type: this.#tensors.get(EMBEDDING)!.type };
    return { embedding, layers: sessions.slice(0, -1), head: sessions.at(-1)! };
  }

  dispose(): void {
    for (const { session, pointers } of this.#stages) {
      session?.dispose();
      for (const pointer of pointers.values()) this.#ort.giveBack(pointer);
    }
    this.#ort.giveBack(this.#embedding);
  }

  /** Notes which tensors go where in a stage. */
  #direct(open: OpenStage): void {
    for (const stack of new Set(open.stage.weights.map(({ stack }) => stack.tensors))) {
      const constants = open.stage.weights.filter(({ stack: { tensors } }) => tensors === stack);
      let firstRow = 0;
      for (const name of stack) {
        const destination = { open, constants, firstRow };
        this.#destinations.set(name, [...(this.#destinations.get(name) ?? []), destination]);
        firstRow += this.#tensors.get(name)!.shape[0]!;
      }
    }
  }

  #cutterFor(tensor: TensorInfo, destinations: readonly Destination[]): RowCutter {
    if (this.#current?.tensor !== tensor) {
      const cutter = new RowCutter(tensor.type, tensor.shape[1] ?? 1, (row, values) => {
        for (const destination of destinations) this.#place(destination, row, values);
      });
      this.#current = { tensor, cutter };
    }
    return this.#current!.cutter;
  }

  #place({ open, constants, firstRow }: Destination, row: number, values: Float32Array): void {
    const stackRow = firstRow + row;
    const constant = constants[Math.floor(stackRow / constants[0]!.rowCount)]!;
    const { name, stack, rowCount, form } = constant;
    const target = stackRow - constant.firstRow;
    const pointer = this.#pointer(open, name, rowCount * stack.rowSize * (form === "f32" ? 4 : 1));
    if (form === "f32") {
      this.#ort.floats(pointer + 4 * target * stack.rowSize, stack.rowSize).set(values);
      return;
    }
    const column = this.#ort.bytes(pointer, rowCount * stack.rowSize);
    const scale = quantize(values, column, target, rowCount);
    const scales = this.#pointer(open, scaleName(name), 4 * rowCount);
    this.#ort.floats(scales + 4 * target, 1)[0] = scale;
  }

  #pointer({ pointers }: OpenStage, name: string, byteCount: number): number {
    const pointer = pointers.get(name) ?? this.#ort.take(byteCount);
    pointers.set(name, pointer);
    return pointer;
  }

  async #compile(open: OpenStage): Promise<void> {
    const { graph } = open.stage;
    const constants = graph.constants.filter(({ name }) => open.pointers.has(name));
    open.session = await this.#ort.session(
      graph,
      constants.map((constant) => ({ constant, pointer: open.pointers.get(constant.name)! })),
    );
    for (const pointer of open.pointers.values()) this.#ort.giveBack(pointer);
    open.pointers.clear();
  }
}

/** Writes a row as a column of 8-bit integers, `stride` apart from element to element; returns its scale. */
function quantize(values: Float32Array, bytes: Uint8Array, column: number, stride: number): number {
  let peak = 0;
  for (let i = 0; i < values.length; i++) peak = Math.max(peak, Math.abs(values[i]!));
  const inverse = peak > 0 ? 127 / peak : 0;
  for (let i = 0, at = column; i < values.length; i++, at += stride) {
    bytes[at] = Math.round(values[i]! * inverse); // wraps to the two's complement
  }
  return peak / 127;
}

function sizeOf({ start, end }: TensorInfo): number {
  return end - start;
}
