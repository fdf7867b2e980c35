import { type Axis, axisScale, type Scale, tickText } from "./axis.ts";

/** Lines over two axes, drawn as an SVG that can be read on light and on dark. */
export interface LinePlot {
  readonly title: string;
  /** What it was measured on: the adapter, the model's shape. */
  readonly subtitle?: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** For what the others are compared with. */
  readonly dashed?: boolean;
}

const WIDTH = 720;
const HEIGHT = 440;
const LEFT = 76;
const RIGHT = 24;
const BOTTOM = 58;
const LEGEND_LINE = 22;

/** Colours of Okabe and Ito's palette (2008), which keep apart for colour-blind eyes, a shade lighter on dark. */
const style = `
  text { font: 13px system-ui, sans-serif; fill: #3a3a3a }
  .title { font-size: 17px; font-weight: 600; fill: #111 }
  .subtitle { fill: #666 }
  .paper { fill: #fff }
  .grid { stroke: #e3e3e3 }
  .axis { stroke: #888 }
  .line { fill: none; stroke-width: 2.25; stroke-linejoin: round }
  .s0 { --c: #0072b2 } .s1 { --c: #d55e00 } .s2 { --c: #009e73 } .s3 { --c: #aa4499 } .s4 { --c: #8a6d00 } .s5 { --c: #555 }
  .line, .mark { stroke: var(--c) } .mark { fill: var(--c) }
  @media (prefers-color-scheme: dark) {
    text { fill: #c8c8c8 } .title { fill: #f2f2f2 } .subtitle { fill: #9a9a9a }
    .paper { fill: #161616 } .grid { stroke: #303030 } .axis { stroke: #777 }
    .s0 { --c: #56b4e9 } .s1 { --c: #f08a4b } .s2 { --c: #2fc796 } .s3 { --c: #d98cc6 } .s4 { --c: #e0c04c } .s5 { --c: #aaa }
  }`;
const COLOURS = 6;

/** The plot as the text of an SVG file. */
export function linePlotSvg({ title, subtitle, x, y, series }: LinePlot): string {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0) throw new Error(`The plot "${title}" has no points.`);
  const legend = legendRows(series);
  const top = 44 + (subtitle ? 20 : 0) + legend.length * LEGEND_LINE;
  const xScale = axisScale(
    { ...x, include: x.include ?? [] },
    points.map(([value]) => value),
  );
  const yScale = axisScale(
    y,
    points.map(([, value]) => value),
  );
  const toX = (value: number) => round(LEFT + xScale.position(value) * (WIDTH - LEFT - RIGHT));
  const toY = (value: number) => round(HEIGHT - BOTTOM - yScale.position(value) * (HEIGHT - BOTTOM - top));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    `<style>${style}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="8"/>`,
    text(LEFT - 56, 30, title, `class="title"`),
    subtitle ? text(LEFT - 56, 50, subtitle, `class="subtitle"`) : "",
    ...legend.flatMap((row, i) => legendRow(row, top - 14 - (legend.length - 1 - i) * LEGEND_LINE)),
    ...grid(xScale, yScale, toX, toY, top),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, x.label, `text-anchor="middle"`),
    text(20, (top + HEIGHT - BOTTOM) / 2, y.label, turned(20, (top + HEIGHT - BOTTOM) / 2)),
    ...series.map((each, i) => drawSeries(each, i, toX, toY)),
    "</svg>\n",
  ]
    .filter(Boolean)
    .join("\n");
}

function grid(
  xScale: Scale,
  yScale: Scale,
  toX: (value: number) => number,
  toY: (value: number) => number,
  top: number,
): string[] {
  const bottom = HEIGHT - BOTTOM;
  const right = WIDTH - RIGHT;
  return [
    ...yScale.ticks.flatMap((tick) => [
      `<path class="grid" d="M${LEFT} ${toY(tick)}H${right}"/>`,
      text(LEFT - 8, toY(tick) + 4, tickText(tick), `text-anchor="end"`),
    ]),
    ...xScale.ticks.flatMap((tick) => [
      `<path class="grid" d="M${toX(tick)} ${top}V${bottom}"/>`,
      text(toX(tick), bottom + 20, tickText(tick), `text-anchor="middle"`),
    ]),
    `<path class="axis" fill="none" d="M${LEFT} ${top}V${bottom}H${right}"/>`,
  ];
}

function drawSeries(
  { points, dashed }: Series,
  index: number,
  toX: (value: number) => number,
  toY: (value: number) => number,
): string {
  const path = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${toX(x)} ${toY(y)}`).join("");
  const marks = points.map(([x, y]) => mark(index, toX(x), toY(y))).join("");
  const dash = dashed ? ` stroke-dasharray="7 5"` : "";
  return `<g class="s${index % COLOURS}"><path class="line"${dash} d="${path}"/>${marks}</g>`;
}

/** Another shape for each series, so that none is told by its colour alone. */
function mark(index: number, x: number, y: number): string {
  const shapes = [
    `<circle class="mark" cx="${x}" cy="${y}" r="4"/>`,
    `<rect class="mark" x="${x - 3.5}" y="${y - 3.5}" width="7" height="7"/>`,
    `<path class="mark" d="M${x} ${y - 5}l5 9h-10z"/>`,
    `<path class="mark" d="M${x} ${y - 5}l5 5-5 5-5-5z"/>`,
  ];
  return shapes[index % shapes.length]!;
}

interface LegendEntry {
  readonly series: Series;
  readonly index: number;
  readonly x: number;
}

/** The series' names in rows; a letter is taken to be 7.2 wide. */
function legendRows(series: readonly Series[]): LegendEntry[][] {
  const rows: LegendEntry[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const [index, each] of series.entries()) {
    const width = 48 + each.name.length * 7.2;
    if (x + width > WIDTH - RIGHT) {
      rows.push([]);
      x = LEFT - 56;
    }
    rows.at(-1)!.push({ series: each, index, x });
    x += width;
  }
  return rows;
}

function legendRow(row: readonly LegendEntry[], y: number): string[] {
  return row.map(({ series, index, x }) => {
    const dash = series.dashed ? ` stroke-dasharray="5 3"` : "";
    const line = `<path class="line"${dash} d="M${x} ${y - 4}h24"/>${mark(index, x + 12, y - 4)}`;
    return `<g class="s${index % COLOURS}">${line}</g>${text(x + 31, y, series.name, "")}`;
  });
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(content)}</text>`;
}

function turned(x: number, y: number): string {
  return `text-anchor="middle" transform="rotate(-90 ${round(x)} ${round(y)})"`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
