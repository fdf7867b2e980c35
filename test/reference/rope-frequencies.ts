import type { LlamaConfig } from "../../src/model/config.ts";

/**
 * The frequency of each pair of dimensions by its wavelength: theta^(2i / headDim) positions a radian. Llama
 * 3.1 lengthens the waves that turn fewer than `lowFreqFactor` times in the old context by `factor`, keeps
 * those that turn more than `highFreqFactor` times, and goes smoothly between (Llama 3 model code, 2024).
 */
export function ropeFrequenciesReference({ headDim, ropeTheta, ropeScaling }: LlamaConfig): number[] {
  const frequencies: number[] = [];
  for (let i = 0; i < headDim / 2; i++) {
    const frequency = 1 / ropeTheta ** ((2 * i) / headDim);
    if (!ropeScaling) {
      frequencies.push(frequency);
      continue;
    }
    const { factor, lowFreqFactor, highFreqFactor, originalContextLen } = ropeScaling;
    const wavelength = (2 * Math.PI) / frequency;
    const smooth = (originalContextLen / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    const kept = Math.min(1, Math.max(0, smooth));
    frequencies.push((1 - kept) * (frequency / factor) + kept * frequency);
  }
  return frequencies;
}
