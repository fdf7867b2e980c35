/** One axis of a plot. */
export interface Axis {
  /** What it shows, with its unit: "prompt length (tokens)". */
  readonly label: string;
  /** Linear by default. A logarithmic axis shows values above 0 only. */
  readonly scale?: "linear" | "log";
  /** Values that must be in view beside the data; a linear axis includes 0 by default. */
  readonly include?: readonly number[];
}

/** Where values stand along an axis, and where its marks are. */
export interface Scale {
  /** 0 at the axis's beginning, 1 at its end. */
  position(value: number): number;
  readonly ticks: readonly number[];
}

/** A scale whose ends are ticks and between which all `values` lie. */
export function axisScale(axis: Axis, values: readonly number[]): Scale {
  const all = [...values, ...(axis.include ?? (axis.scale === "log" ? [] : [0]))];
  const low = Math.min(...all);
  const high = Math.max(...all);
  if (axis.scale !== "log") return scaleBetween(linearTicks(low, high), (value) => value);
  if (!(low > 0)) throw new Error(`The logarithmic axis "${axis.label}" cannot show ${low}.`);
  return scaleBetween(logTicks(low, high, values), Math.log);
}

function scaleBetween(ticks: readonly number[], transform: (value: number) => number): Scale {
  const low = transform(ticks[0]!);
  const span = transform(ticks.at(-1)!) - low;
  return { ticks, position: (value) => (transform(value) - low) / span };
}

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low || Math.abs(high) || 1) / 5;
  const magnitude = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * magnitude).find((each) => each >= rough * 0.999)!;
  const first = Math.floor(low / step);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of two where the data are such numbers (lengths, counts); else of ten, closer together where few fit. */
function logTicks(low: number, high: number, values: readonly number[]): number[] {
  if (values.every((value) => Number.isInteger(Math.log2(value)))) {
    const step = Math.max(1, Math.round(Math.log2(high / low) / 8));
    return ladder(low, high, (i) => 2 ** (i * step), Math.log2(low) / step);
  }
  const decades = Math.log10(high / low);
  const within = decades > 3 ? [1] : decades > 1.2 ? [1, 3] : [1, 1.5, 2, 3, 5, 7];
  const at = (i: number) => {
    const decade = Math.floor(i / within.length);
    return Number(`${within[i - decade * within.length]}e${decade}`);
  };
  return ladder(low, high, at, Math.floor(Math.log10(low)) * within.length);
}

/** From the last rung at or below `low` to the first at or above `high`. */
function ladder(low: number, high: number, at: (index: number) => number, near: number): number[] {
  let first = Math.floor(near);
  while (at(first + 1) <= low * (1 + 1e-9)) first++;
  let last = first + 1;
  while (at(last) < high * (1 - 1e-9)) last++;
  return Array.from({ length: last - first + 1 }, (_, i) => at(first + i));
}

/** 1500 as 1.5k, 65536 as 64k, 0.0025 as it is. */
export function tickText(value: number): string {
  if (value >= 1024 && Number.isInteger(Math.log2(value))) {
    return value >= 2 ** 20 ? `${value / 2 ** 20}M` : `${value / 1024}k`;
  }
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
}
