import type { LlamaConfig, RopeScaling } from "./config.ts";

/**
 * Rotary frequencies in radians per position, `[headDim / 2]`: theta^(-2i / headDim), stretched for long
 * contexts where the model asks for it (Su et al., 2021; Llama 3's scaling as in Hugging Face transformers).
 */
export function ropeFrequencies({ headDim, ropeTheta, ropeScaling }: LlamaConfig): number[] {
  const plain = Array.from({ length: headDim / 2 }, (_, i) => ropeTheta ** ((-2 * i) / headDim));
  return ropeScaling ? plain.map((frequency) => stretch(frequency, ropeScaling)) : plain;
}

/** Long waves are slowed down by `factor`, short ones kept, those between blended. */
function stretch(frequency: number, scaling: RopeScaling): number {
  const { factor, lowFreqFactor, highFreqFactor, originalContextLen } = scaling;
  const turns = (originalContextLen * frequency) / (2 * Math.PI);
  if (turns > highFreqFactor) return frequency;
  if (turns < lowFreqFactor) return frequency / factor;
  const kept = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
  return (kept + (1 - kept) / factor) * frequency;
}
