import { DeviceError } from "../errors.ts";

/** A device with what was asked of its adapter. */
export interface Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly features: GpuFeatures;
}

/** Faster forms a kernel may use. Every kernel also has a form that needs none. */
export interface GpuFeatures {
  readonly f16: boolean;
  readonly subgroups: boolean;
  readonly timestamps: boolean;
  /** Smallest and largest subgroup the device may run; both 0 without subgroups. */
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
}

export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True for an adapter that computes on the CPU. */
  readonly software: boolean;
}

export interface OpenGpuOptions {
  /** Where WebGPU comes from; the global one by default. */
  readonly gpu?: GPU | undefined;
  /** Features to leave unused although the adapter has them. */
  readonly without?: readonly ("shader-f16" | "subgroups" | "timestamp-query")[];
}

const optionalFeatures = ["shader-f16", "subgroups", "timestamp-query"] as const;

/** Opens the fastest adapter with its full limits; rejects with a DeviceError where there is none. */
export async function openGpu(options: OpenGpuOptions = {}): Promise<Gpu> {
  const gpu = options.gpu ?? globalThis.navigator?.gpu;
  if (!gpu)
    throw new DeviceError("This browser has no WebGPU. Use a current Chrome, Edge, Safari or Firefox.");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter)
    throw new DeviceError("WebGPU found no graphics adapter. Check that hardware acceleration is on.");
  const wanted = optionalFeatures.filter(
    (name) => adapter.features.has(name) && !options.without?.includes(name),
  );
  const device = await adapter.requestDevice({
    requiredFeatures: wanted,
    requiredLimits: fullLimits(adapter.limits),
  });
  return { device, adapter: describeAdapter(adapter), features: featuresOf(device, adapter) };
}

/** Only the limits Quire's kernels and buffers can make use of; some drivers misreport the others. */
function fullLimits(limits: GPUSupportedLimits): Record<string, number> {
  return {
    maxBufferSize: limits.maxBufferSize,
    maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
    maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
  };
}

function featuresOf(device: GPUDevice, { info }: GPUAdapter): GpuFeatures {
  const subgroups = device.features.has("subgroups");
  return {
    f16: device.features.has("shader-f16"),
    subgroups,
    timestamps: device.features.has("timestamp-query"),
    subgroupMinSize: subgroups ? info.subgroupMinSize : 0,
    subgroupMaxSize: subgroups ? info.subgroupMaxSize : 0,
  };
}

/** Whether an adapter computes on the CPU. */
export function isSoftwareAdapter({ info }: GPUAdapter): boolean {
  const words = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(words);
}

function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { info } = adapter;
  return {
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description || info.device,
    software: isSoftwareAdapter(adapter),
  };
}
