import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { type LinePlot, linePlotSvg } from "./line-plot.ts";
import { markdownTable, type Table } from "./table.ts";

const folder = ".cache/bench";

/**
 * What a benchmark has found: markdown on standard output as it comes, and after every addition the whole as
 * `.cache/bench/<name>.json` and an SVG per plot, so that a run that is cut short leaves what it had.
 */
export class Report {
  readonly #name: string;
  readonly #facts: Record<string, unknown>;
  readonly #tables: Table[] = [];
  readonly #plots: LinePlot[] = [];
  readonly #notes: string[] = [];
  #adapters: string[] = [];

  constructor(name: string, facts: Record<string, unknown>) {
    this.#name = name;
    this.#facts = { ...facts, date: new Date().toISOString(), cpu: cpus()[0]?.model, node: process.version };
    mkdirSync(folder, { recursive: true });
  }

  /** Names what was measured on; to be called before the first table, and for each adapter that is used. */
  adapter(description: string): void {
    if (this.#adapters.includes(description)) return;
    this.#adapters.push(description);
    this.note(`Adapter: ${description}`);
  }

  /** A line to be read with the numbers. */
  note(line: string): void {
    this.#notes.push(line);
    this.#print(line);
  }

  table(table: Table): void {
    this.#tables.push(table);
    this.#print(markdownTable(table));
  }

  /** A plot without a subtitle is given the adapters' names for one. */
  plot(plot: LinePlot): void {
    const titled = { ...plot, subtitle: plot.subtitle ?? this.#adapters.join("; ") };
    this.#plots.push(titled);
    const slug = plot.title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const path = `${folder}/${this.#name}-${slug}.svg`;
    writeWhole(path, linePlotSvg(titled));
    this.#print(`Plot: ${path}`);
  }

  /** A line of progress, on standard error and in no file. */
  progress(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Where the report is kept. */
  get path(): string {
    return `${folder}/${this.#name}.json`;
  }

  #print(text: string): void {
    process.stdout.write(`${text}\n\n`);
    const found = { adapters: this.#adapters, notes: this.#notes, tables: this.#tables, plots: this.#plots };
    writeWhole(
      this.path,
      `${JSON.stringify({ benchmark: this.#name, ...this.#facts, ...found }, null, 2)}\n`,
    );
  }
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}
