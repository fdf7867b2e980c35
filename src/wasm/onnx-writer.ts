/** Element types of tensors, by their number in ONNX's `TensorProto.DataType`. */
export const ELEMENT_TYPES = { f32: 1, u8: 2, i8: 3, i32: 6, i64: 7 } as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = { f32: 4, u8: 1, i8: 1, i32: 4, i64: 8 };

/** Bytes of a tensor's elements. */
export function byteCount({ type, shape }: Pick<OnnxConstant, "type" | "shape">): number {
  return shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
}

/** A constant of the graph. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** The elements, little-endian; `undefined` where they are handed over beside the graph under `name`. */
  readonly bytes?: Uint8Array;
}

/** An input or output of the graph; a dimension given by name is known when the graph runs. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

export interface OnnxNode {
  readonly op: string;
  /** Of ONNX itself where undefined. */
  readonly domain?: string;
  /** Names of values; "" leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly integers?: Readonly<Record<string, number>>;
  readonly floats?: Readonly<Record<string, number>>;
}

export interface OnnxGraph {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly constants: readonly OnnxConstant[];
  /** In an order in which they can run. */
  readonly nodes: readonly OnnxNode[];
}

/** The domain of onnxruntime's own operators. */
export const CONTRIB = "com.microsoft";

const IR_VERSION = 9;
const OPSET = 23;
const CONTRIB_OPSET = 1;
/** `TensorProto.DataLocation.EXTERNAL`. */
const EXTERNAL = 1;
/** `AttributeProto.AttributeType`. */
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;

/** Writes a graph as an ONNX `ModelProto`; field numbers are those of onnx.proto3. */
export function encodeModel({ inputs, outputs, constants, nodes }: OnnxGraph): Uint8Array<ArrayBuffer> {
  return new Message()
    .integer(1, IR_VERSION)
    .message(7, (graph) => {
      for (const node of nodes) graph.message(1, (message) => writeNode(message, node));
      graph.text(2, "quire");
      for (const constant of constants) graph.message(5, (message) => writeConstant(message, constant));
      for (const value of inputs) graph.message(11, (message) => writeValue(message, value));
      for (const value of outputs) graph.message(12, (message) => writeValue(message, value));
    })
    .message(8, (opset) => opset.text(1, "").integer(2, OPSET))
    .message(8, (opset) => opset.text(1, CONTRIB).integer(2, CONTRIB_OPSET))
    .encode();
}

function writeNode(message: Message, node: OnnxNode): void {
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(4, node.op);
  for (const [name, value] of Object.entries(node.integers ?? {})) {
    message.message(5, (attribute) => attribute.text(1, name).integer(3, value).integer(20, ATTRIBUTE_INT));
  }
  for (const [name, value] of Object.entries(node.floats ?? {})) {
    message.message(5, (attribute) => attribute.text(1, name).float(2, value).integer(20, ATTRIBUTE_FLOAT));
  }
  if (node.domain) message.text(7, node.domain);
}

function writeConstant(message: Message, { name, type, shape, bytes }: OnnxConstant): void {
  for (const size of shape) message.integer(1, size);
  message.integer(2, ELEMENT_TYPES[type]).text(8, name);
  if (bytes) {
    message.bytes(9, bytes);
    return;
  }
  const entries = { location: name, offset: "0", length: String(byteCount({ type, shape })) };
  for (const [key, value] of Object.entries(entries)) {
    message.message(13, (entry) => entry.text(1, key).text(2, value));
  }
  message.integer(14, EXTERNAL);
}

function writeValue(message: Message, { name, type, shape }: OnnxValue): void {
  message.text(1, name).message(2, (typed) =>
    typed.message(1, (tensor) =>
      tensor.integer(1, ELEMENT_TYPES[type]).message(2, (dims) => {
        for (const size of shape) {
          dims.message(1, (dim) => (typeof size === "number" ? dim.integer(1, size) : dim.text(2, size)));
        }
      }),
    ),
  );
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** A protobuf message in the making. */
class Message {
  readonly #bytes: number[] = [];

  /** A whole number; negative ones are written as 64 bits. */
  integer(field: number, value: number): this {
    this.#tag(field, VARINT);
    if (value >= 0) this.#varint(value);
    else
      for (let i = 0n, bits = BigInt.asUintN(64, BigInt(value)); i < 10n; i++, bits >>= 7n) {
        this.#bytes.push(Number(bits & 127n) + (i < 9n ? 128 : 0));
      }
    return this;
  }

  float(field: number, value: number): this {
    this.#tag(field, FIXED_32);
    this.#append(new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: ArrayLike<number>): this {
    this.#tag(field, LENGTH_DELIMITED);
    this.#varint(value.length);
    this.#append(value);
    return this;
  }

  message(field: number, write: (message: Message) => void): this {
    const inner = new Message();
    write(inner);
    return this.bytes(field, inner.#bytes);
  }

  encode(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) + 128);
    this.#bytes.push(rest);
  }

  #append(bytes: ArrayLike<number>): void {
    for (let i = 0; i < bytes.length; i++) this.#bytes.push(bytes[i]!);
  }
}
