import {
  CONTRIB,
  type ElementType,
  type OnnxConstant,
  type OnnxGraph,
  type OnnxNode,
  type OnnxValue,
} from "./onnx-writer.ts";

/** How matrices are multiplied: as they are, or as 8-bit integers with a scale per output and per input row. */
export type WeightForm = "f32" | "int8";

/** Tensors of the model, put behind each other by their rows. */
export interface Stack {
  /** Hugging Face's names. */
  readonly tensors: readonly string[];
  readonly rowCount: number;
  /** Elements of a row; 1 for vectors. */
  readonly rowSize: number;
}

/** Some rows of a stack as a constant of a graph. */
export interface WeightConstant {
  /** What the graph calls it. */
  readonly name: string;
  readonly stack: Stack;
  readonly firstRow: number;
  readonly rowCount: number;
  /** As f32 rows, or as int8 columns with the columns' scales in the constant `scaleName(name)`. */
  readonly form: WeightForm;
}

/** A graph with what of the model's weights goes into it. */
export interface Stage {
  readonly graph: OnnxGraph;
  readonly weights: readonly WeightConstant[];
}

/** A matrix, `[rowCount][rowSize]`, and its bias. */
export interface Linear extends Stack {
  /** The tensors' biases, where they have some. */
  readonly biases: readonly string[] | undefined;
}

/** The scales of an int8 constant. */
export function scaleName(constant: string): string {
  return `${constant}.scale`;
}

/**
 * Most outputs of one integer product. Measured: onnxruntime's packed 8-bit matrices are read at 6 GB/s up to
 * about this width and at 2.4 beyond twice of it.
 */
const MAX_INTEGER_OUTPUTS = 1024;

const LARGEST = 127;
/** The zero point of 8-bit inputs; they are unsigned, because those products are the fastest. */
const MIDDLE = 128;

/** Puts a graph together node by node; values are `[rows][size]` f32 and go by their names. */
export class GraphBuilder {
  readonly #form: WeightForm;
  readonly #inputs: OnnxValue[] = [];
  readonly #outputs: OnnxValue[] = [];
  readonly #constants = new Map<string, OnnxConstant>();
  readonly #nodes: OnnxNode[] = [];
  readonly #weights: WeightConstant[] = [];

  constructor(form: WeightForm) {
    this.#form = form;
  }

  get stage(): Stage {
    const graph = {
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: [...this.#constants.values()],
      nodes: this.#nodes,
    };
    return { graph, weights: this.#weights };
  }

  input(name: string, size: number): string {
    this.#inputs.push({ name, type: "f32", shape: ["rows", size] });
    return name;
  }

  output(name: string, size: number): void {
    this.#outputs.push({ name, type: "f32", shape: ["rows", size] });
  }

  /** Adds a node and returns the name of its output: `output` or, where undefined, one of its own. */
  node(op: string, inputs: readonly string[], options: NodeOptions = {}): string {
    const { output = `${op}.${this.#nodes.length}`, ...rest } = options;
    this.#nodes.push({ op, inputs, outputs: [output], ...rest });
    return output;
  }

  /** RMSNorm over `size` elements, with the named gains. */
  norm(input: string, gains: string, size: number, epsilon: number): string {
    return this.node("SimplifiedLayerNormalization", [input, this.#vector([gains], size)], {
      integers: { axis: -1, stash_type: 1 },
      floats: { epsilon },
    });
  }

  /** A product with one matrix. */
  linear(input: string, linear: Linear, output?: string): string {
    return this.#product(this.#form === "int8" ? this.#quantize(input) : input, linear, output);
  }

  /** Products of one input with several matrices. */
  linears(input: string, linears: readonly Linear[]): string[] {
    const prepared = this.#form === "int8" ? this.#quantize(input) : input;
    return linears.map((linear) => this.#product(prepared, linear, undefined));
  }

  #product(input: string | QuantizedRows, linear: Linear, output: string | undefined): string {
    const bias = linear.biases && this.#vector(linear.biases, linear.rowCount);
    if (typeof input !== "string") return this.#integerProduct(input, linear, bias, output);
    const matrix = this.#matrix(linear, 0, linear.rowCount);
    return this.node("Gemm", [input, matrix, ...(bias ? [bias] : [])], { output, integers: { transB: 1 } });
  }

  /** Divides each row by its largest element, so that one scale of 1 / 127 fits all. */
  #quantize(input: string): QuantizedRows {
    const peaks = this.node("ReduceMax", [this.node("Abs", [input]), this.#lastAxis()], {
      integers: { keepdims: 1 },
    });
    const scales = this.node("Max", [peaks, this.#scalar("f32", 1e-30)]);
    const unit = this.node("Div", [input, scales]);
    const step = this.#scalar("f32", 1 / LARGEST);
    const integers = this.node("QuantizeLinear", [unit, step, this.#scalar("u8", MIDDLE)]);
    return { integers, scales };
  }

  #integerProduct(
    { integers, scales }: QuantizedRows,
    linear: Linear,
    bias: string | undefined,
    output: string | undefined,
  ): string {
    const count = Math.ceil(linear.rowCount / MAX_INTEGER_OUTPUTS);
    const most = Math.ceil(linear.rowCount / count);
    const parts = Array.from({ length: count }, (_, i) => {
      const matrix = this.#matrix(linear, i * most, Math.min(most, linear.rowCount - i * most));
      const inputs = [integers, matrix, this.#scalar("f32", 1 / LARGEST), scaleName(matrix)];
      return this.node("MatMulIntegerToFloat", [...inputs, this.#scalar("u8", MIDDLE)], { domain: CONTRIB });
    });
    const whole = parts.length === 1 ? parts[0]! : this.node("Concat", parts, { integers: { axis: -1 } });
    if (!bias) return this.node("Mul", [whole, scales], { output });
    return this.node("Add", [this.node("Mul", [whole, scales]), bias], { output });
  }

  #matrix({ tensors, rowSize, rowCount: allRows }: Linear, firstRow: number, rowCount: number): string {
    const name = firstRow === 0 ? tensors[0]! : `${tensors[0]} from ${firstRow}`;
    const stack = { tensors, rowSize, rowCount: allRows };
    this.#weights.push({ name, stack, firstRow, rowCount, form: this.#form });
    if (this.#form === "f32") this.#constant(name, "f32", [rowCount, rowSize]);
    else {
      this.#constant(name, "i8", [rowSize, rowCount]);
      this.#constant(scaleName(name), "f32", [rowCount]);
    }
    return name;
  }

  /** The named tensors, `size` elements in all. */
  #vector(tensors: readonly string[], size: number): string {
    const name = tensors[0]!;
    const stack = { tensors, rowCount: size, rowSize: 1 };
    this.#weights.push({ name, stack, firstRow: 0, rowCount: size, form: "f32" });
    this.#constant(name, "f32", [size]);
    return name;
  }

  #scalar(type: "f32" | "u8", value: number): string {
    const bytes = type === "f32" ? new Uint8Array(Float32Array.of(value).buffer) : Uint8Array.of(value);
    return this.#constant(`${type} ${value}`, type, [], bytes);
  }

  #lastAxis(): string {
    return this.#constant("last axis", "i64", [1], new Uint8Array(BigInt64Array.of(-1n).buffer));
  }

  /** Makes a constant, once however often it is asked for. */
  #constant(name: string, type: ElementType, shape: readonly number[], bytes?: Uint8Array): string {
    this.#constants.set(name, { name, type, shape, ...(bytes ? { bytes } : {}) });
    return name;
  }
}

interface QuantizedRows {
  /** `[rows][size]` u8 around `MIDDLE`. */
  readonly integers: string;
  /** `[rows][1]`. */
  readonly scales: string;
}

interface NodeOptions {
  readonly output?: string | undefined;
  readonly domain?: string;
  readonly integers?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
}
