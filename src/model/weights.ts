import { FORMAT_BYTES, type Matrix, type MatrixPart, type WeightFormat } from "../kernels/matrix.ts";
import type { TensorInfo } from "../store/model-folder.ts";
import type { LlamaConfig } from "./config.ts";

export interface LayerWeights {
  /** RMSNorm gains before attention, `[hiddenSize]` f32, like all vectors here. */
  readonly attentionNorm: GPUBuffer;
  /** Queries, keys and values stacked: `[(headCount + 2 * kvHeadCount) * headDim][hiddenSize]`. */
  readonly qkv: Matrix;
  readonly qkvBias: GPUBuffer | undefined;
  /** `[hiddenSize][headCount * headDim]`. */
  readonly output: Matrix;
  readonly outputBias: GPUBuffer | undefined;
  /** RMSNorm gains before the MLP, `[hiddenSize]`. */
  readonly mlpNorm: GPUBuffer;
  /** Pairs of gate and up: `[intermediateSize][hiddenSize]` twice. */
  readonly gateUp: Matrix;
  readonly gateUpBias: GPUBuffer | undefined;
  /** `[hiddenSize][intermediateSize]`. */
  readonly down: Matrix;
  readonly downBias: GPUBuffer | undefined;
}

export interface LlamaWeights {
  /** `[vocabSize][hiddenSize]`. */
  readonly embedding: Matrix;
  readonly layers: readonly LayerWeights[];
  readonly finalNorm: GPUBuffer;
  /** `[vocabSize][hiddenSize]`; the embedding itself where the two are tied. */
  readonly head: Matrix;
}

/** Where some rows of a tensor go. */
interface Placement {
  readonly buffer: GPUBuffer;
  /** Byte in the tensor of the first row placed here. */
  readonly start: number;
  readonly end: number;
  /** Byte in the buffer it goes to. */
  readonly offset: number;
}

/**
 * The model's buffers on the GPU, allocated before a byte of weights is read, and filled piece by piece as
 * the files stream in.
 */
export class WeightStore {
  readonly weights: LlamaWeights;
  readonly #device: GPUDevice;
  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #matrices = new Map<string, Placement[]>();
  readonly #vectors = new Map<string, { buffer: GPUBuffer; offset: number }>();
  readonly #buffers: GPUBuffer[] = [];

  /** Takes tensors that `checkTensors` has found to be the model's. */
  constructor(device: GPUDevice, config: LlamaConfig, tensors: ReadonlyMap<string, TensorInfo>) {
    this.#device = device;
    this.#tensors = tensors;
    const embedding = this.#matrix(["model.embed_tokens.weight"]);
    this.weights = {
      embedding,
      layers: Array.from({ length: config.layerCount }, (_, i) => this.#layer(`model.layers.${i}.`, config)),
      finalNorm: this.#vector(["model.norm.weight"]),
      head: config.tiedEmbeddings ? embedding : this.#matrix(["lm_head.weight"]),
    };
  }

  /** Names of the tensors the model is made of. */
  get names(): Set<string> {
    return new Set([...this.#matrices.keys(), ...this.#vectors.keys()]);
  }

  get parameterCount(): number {
    return [...this.names].reduce(
      (sum, name) => sum + this.#tensors.get(name)!.shape.reduce((a, b) => a * b, 1),
      0,
    );
  }

  get sizeBytes(): number {
    return this.#buffers.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  /** Copies `bytes`, which stand at byte `offset` of the tensor, to where the model wants them. */
  write(tensor: TensorInfo, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    const vector = this.#vectors.get(tensor.name);
    if (vector) {
      const values = toFloats(bytes, tensor.type);
      const scale = 4 / FORMAT_BYTES[formatOf(tensor)];
      this.#device.queue.writeBuffer(vector.buffer, vector.offset + offset * scale, values);
    }
    for (const { buffer, start, end, offset: target } of this.#matrices.get(tensor.name) ?? []) {
      const from = Math.max(start, offset);
      const to = Math.min(end, offset + bytes.length);
      if (from >= to) continue;
      this.#device.queue.writeBuffer(buffer, target + from - start, bytes, from - offset, to - from);
    }
  }

  dispose(): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }

  #layer(prefix: string, config: LlamaConfig): LayerWeights {
    const attention = (suffix: string, ...names: string[]) =>
      names.map((name) => `${prefix}self_attn.${name}_proj.${suffix}`);
    const mlp = (suffix: string, ...names: string[]) =>
      names.map((name) => `${prefix}mlp.${name}_proj.${suffix}`);
    return {
      attentionNorm: this.#vector([`${prefix}input_layernorm.weight`]),
      qkv: this.#matrix(attention("weight", "q", "k", "v")),
      qkvBias: config.qkvBias ? this.#vector(attention("bias", "q", "k", "v")) : undefined,
      output: this.#matrix(attention("weight", "o")),
      outputBias: config.outputBias ? this.#vector(attention("bias", "o")) : undefined,
      mlpNorm: this.#vector([`${prefix}post_attention_layernorm.weight`]),
      gateUp: this.#pairs(mlp("weight", "gate", "up") as [string, string]),
      gateUpBias: config.mlpBias ? this.#vector(mlp("bias", "gate", "up")) : undefined,
      down: this.#matrix(mlp("weight", "down")),
      downBias: config.mlpBias ? this.#vector(mlp("bias", "down")) : undefined,
    };
  }

  /** Tensors stacked by their rows into one matrix. */
  #matrix(names: readonly string[]): Matrix {
    const sources = names.map((name) => this.#tensors.get(name)!);
    const { format, inputCount, rowBytes } = rowsOf(sources[0]!);
    const outputCount = sources.reduce((sum, { shape }) => sum + shape[0]!, 0);
    const parts = this.#parts(names[0]!, outputCount, rowBytes);
    let firstRow = 0;
    for (const { name, shape } of sources) {
      const placements = parts.map((part) => place(part, firstRow, shape[0]!, rowBytes, 0));
      this.#matrices.set(name, placements.flat());
      firstRow += shape[0]!;
    }
    return { name: names[0]!, format, inputCount, outputCount, parts };
  }

  /** Two tensors of one shape, part by part behind each other. */
  #pairs(names: readonly [string, string]): Matrix {
    const sources = names.map((name) => this.#tensors.get(name)!);
    const { format, inputCount, rowBytes } = rowsOf(sources[0]!);
    const outputCount = sources[0]!.shape[0]!;
    const parts = this.#parts(names[0], outputCount, 2 * rowBytes);
    for (const [half, name] of names.entries()) {
      const placements = parts.map((part) =>
        place(part, 0, outputCount, rowBytes, half * part.outputCount * rowBytes),
      );
      this.#matrices.set(name, placements.flat());
    }
    return { name: names[0], format, inputCount, outputCount, parts };
  }

  /** Cuts a matrix by outputs into buffers that can be bound whole. */
  #parts(label: string, outputCount: number, outputBytes: number): MatrixPart[] {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.#device.limits;
    const mostOutputs =
      Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / outputBytes / 4) * 4;
    const parts: MatrixPart[] = [];
    for (let firstOutput = 0; firstOutput < outputCount; firstOutput += mostOutputs) {
      const count = Math.min(mostOutputs, outputCount - firstOutput);
      parts.push({ buffer: this.#buffer(label, count * outputBytes), firstOutput, outputCount: count });
    }
    return parts;
  }

  #vector(names: readonly string[]): GPUBuffer {
    const sources = names.map((name) => this.#tensors.get(name)!);
    const buffer = this.#buffer(names[0]!, 4 * sources.reduce((sum, { shape }) => sum + shape[0]!, 0));
    let offset = 0;
    for (const { name, shape } of sources) {
      this.#vectors.set(name, { buffer, offset });
      offset += 4 * shape[0]!;
    }
    return buffer;
  }

  #buffer(label: string, sizeBytes: number): GPUBuffer {
    const size = Math.ceil(sizeBytes / 16) * 16;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const buffer = this.#device.createBuffer({ label, size, usage });
    this.#buffers.push(buffer);
    return buffer;
  }
}

function formatOf(tensor: TensorInfo): WeightFormat {
  return ({ F32: "f32", F16: "f16", BF16: "bf16" } as const)[tensor.type];
}

/** How a matrix's rows stand in memory. */
function rowsOf(tensor: TensorInfo): { format: WeightFormat; inputCount: number; rowBytes: number } {
  const format = formatOf(tensor);
  const inputCount = tensor.shape[1]!;
  return { format, inputCount, rowBytes: inputCount * FORMAT_BYTES[format] };
}

/** The rows of a tensor (rows `firstRow` on of the whole) that fall into one part of a matrix. */
function place(
  part: MatrixPart,
  firstRow: number,
  rowCount: number,
  rowBytes: number,
  base: number,
): Placement[] {
  const from = Math.max(part.firstOutput, firstRow);
  const to = Math.min(part.firstOutput + part.outputCount, firstRow + rowCount);
  if (from >= to) return [];
  return [
    {
      buffer: part.buffer,
      start: (from - firstRow) * rowBytes,
      end: (to - firstRow) * rowBytes,
      offset: base + (from - part.firstOutput) * rowBytes,
    },
  ];
}

function toFloats(bytes: Uint8Array<ArrayBuffer>, type: TensorInfo["type"]): Float32Array<ArrayBuffer> {
  const aligned = bytes.slice().buffer;
  if (type === "F32") return new Float32Array(aligned);
  return Float32Array.from(new Uint16Array(aligned), type === "BF16" ? bf16ToFloat : f16ToFloat);
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function bf16ToFloat(bits: number): number {
  word[0] = bits << 16;
  return float[0]!;
}

function f16ToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
