import { DeviceError } from "../../src/errors.ts";
import type { Gpu } from "../../src/gpu/device.ts";
import { specialize } from "../../src/gpu/shader.ts";
import copyShader from "./ceiling_copy.wgsl?raw";
import fmaShader from "./ceiling_fma.wgsl?raw";
import type { BenchContext, Benchmark } from "./harness/benchmark.ts";
import { openDawn } from "./harness/dawn.ts";

/** What a device reaches through WebGPU at best; every speed is to be read against these. */
export interface Ceilings {
  /** Bytes read plus bytes written, per second, by a kernel that copies. */
  readonly copyBytesPerS: number;
  /** Floating-point operations per second on f32 registers; a multiply-add counts as two. */
  readonly f32FlopPerS: number;
  /** The same on f16 registers; undefined where the device has no f16. */
  readonly f16FlopPerS: number | undefined;
}

const CHAINS = 8;
const WORKGROUP = 256;

export async function measureCeilings({ device, features, adapter }: Gpu): Promise<Ceilings> {
  const work = adapter.software
    ? { copyBytes: 2 ** 24, workgroups: 64, rounds: 256, repeats: 5 }
    : { copyBytes: 2 ** 29, workgroups: 132 * 64, rounds: 4096, repeats: 20 };
  const { repeats } = work;
  const flop = 2 * 4 * CHAINS * work.rounds * work.workgroups * WORKGROUP;
  const arithmetic = (type: string) => fmaKernel(device, type, work.workgroups, work.rounds);
  return {
    copyBytesPerS:
      (2 * work.copyBytes) / (await secondsOf(device, copyKernel(device, work.copyBytes), repeats)),
    f32FlopPerS: flop / (await secondsOf(device, arithmetic("vec4f"), repeats)),
    f16FlopPerS: features.f16 ? flop / (await secondsOf(device, arithmetic("vec4h"), repeats)) : undefined,
  };
}

type Launch = (pass: GPUComputePassEncoder) => void;

function copyKernel(device: GPUDevice, wantedBytes: number): Launch {
  const { maxStorageBufferBindingSize } = device.limits;
  const size = Math.min(wantedBytes, 2 ** Math.floor(Math.log2(maxStorageBufferBindingSize)));
  const buffers = [0, 1].map(() => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE }));
  return launch(
    device,
    specialize([copyShader], { QUADS: size / 16 }),
    buffers,
    Math.min(65535, size / 16 / WORKGROUP),
  );
}

function fmaKernel(device: GPUDevice, type: string, workgroups: number, rounds: number): Launch {
  const sums = device.createBuffer({ size: 16 * workgroups * WORKGROUP, usage: GPUBufferUsage.STORAGE });
  return launch(device, specialize([fmaShader], { ROUNDS: rounds, Quad: type }), [sums], workgroups);
}

function launch(device: GPUDevice, code: string, buffers: readonly GPUBuffer[], workgroups: number): Launch {
  const module = device.createShaderModule({ code });
  const pipeline = device.createComputePipeline({ layout: "auto", compute: { module, entryPoint: "main" } });
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return (pass) => {
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(workgroups);
  };
}

/** Seconds of one launch: the least of three runs, each of `repeats` launches in one submit. */
async function secondsOf(device: GPUDevice, encode: Launch, repeats: number): Promise<number> {
  const runs: number[] = [];
  for (let run = 0; run < 4; run++) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < repeats; i++) encode(pass);
    pass.end();
    const started = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    runs.push((performance.now() - started) / 1000 / repeats);
  }
  // The first run warms up.
  return Math.min(...runs.slice(1));
}

async function run({ options, report }: BenchContext): Promise<void> {
  const gpu = await openDawn(report);
  if (options["require-hardware"] && gpu.adapter.software) {
    throw new DeviceError(
      `A GPU was expected; the adapter is ${gpu.adapter.description}, which computes on the CPU.`,
    );
  }
  const { copyBytesPerS, f32FlopPerS, f16FlopPerS } = await measureCeilings(gpu);
  const giga = (value: number | undefined) => (value === undefined ? "none" : (value / 1e9).toFixed(1));
  report.table({
    title: "Ceilings through WebGPU",
    columns: ["what", "per second"],
    rows: [
      ["copy, bytes read and written (GB)", giga(copyBytesPerS)],
      ["multiply-adds, f32 (GFLOP)", giga(f32FlopPerS)],
      ["multiply-adds, f16 (GFLOP)", giga(f16FlopPerS)],
    ],
  });
}

export default {
  summary: "copy bandwidth and arithmetic peak, which other figures are read against",
  options: {
    "require-hardware": { type: "boolean", description: "fail on an adapter that computes on the CPU" },
  },
  run,
} satisfies Benchmark;
