import type { BufferSlice, Kernel } from "./kernel.ts";

/** Workgroups in x, y and z. */
export type Grid = readonly [x: number, y?: number, z?: number];

/** One kernel launch: what runs on which buffers, and how its grid follows from the step's `Shape`. */
export interface Dispatch<Shape> {
  readonly kernel: Kernel;
  /** In binding order. */
  readonly buffers: readonly BufferSlice[];
  /** A grid with a zero in it is not launched. */
  readonly grid: (shape: Shape) => Grid;
}

interface Command<Shape> extends Dispatch<Shape> {
  /** Missing where the dispatch is bound anew for every step. */
  readonly bindGroup: GPUBindGroup | undefined;
}

/**
 * The dispatches of a step, bound once and encoded again for every step.
 *
 * Whatever differs between steps (tokens, positions, block tables) lives in buffers, and grids are computed
 * as the list is encoded, so one list serves any batch and a replay creates no GPU object. A
 * `GPUCommandBuffer` can be submitted only once, which is why this encodes instead of resubmitting.
 */
export class CommandList<Shape> {
  readonly #commands: readonly Command<Shape>[];

  /** Records the dispatches for which `recorded` holds, all by default; the others are bound step by step. */
  constructor(
    dispatches: readonly Dispatch<Shape>[],
    recorded: (dispatch: Dispatch<Shape>) => boolean = () => true,
  ) {
    this.#commands = dispatches.map((dispatch) => ({
      ...dispatch,
      bindGroup: recorded(dispatch) ? dispatch.kernel.bind(dispatch.buffers) : undefined,
    }));
  }

  /** Dispatches whose bind groups are kept. */
  get recordedCount(): number {
    return this.#commands.filter(({ bindGroup }) => bindGroup).length;
  }

  get dispatchCount(): number {
    return this.#commands.length;
  }

  encode(pass: GPUComputePassEncoder, shape: Shape): void {
    let current: Kernel | undefined;
    for (const command of this.#commands) {
      const [x, y = 1, z = 1] = command.grid(shape);
      if (x === 0 || y === 0 || z === 0) continue;
      if (command.kernel !== current) pass.setPipeline(command.kernel.pipeline);
      current = command.kernel;
      pass.setBindGroup(1, command.bindGroup ?? command.kernel.bind(command.buffers));
      pass.dispatchWorkgroups(x, y, z);
    }
  }

  /** Encodes each dispatch into a pass of its own, which `openPass` begins; for timing them one by one. */
  encodeApart(openPass: (name: string) => GPUComputePassEncoder, shape: Shape): void {
    for (const { kernel, buffers, bindGroup, grid } of this.#commands) {
      const [x, y = 1, z = 1] = grid(shape);
      if (x === 0 || y === 0 || z === 0) continue;
      const pass = openPass(kernel.name);
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(1, bindGroup ?? kernel.bind(buffers));
      pass.dispatchWorkgroups(x, y, z);
      pass.end();
    }
  }
}
