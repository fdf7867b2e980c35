import { InputError } from "../errors.ts";

const MAX_STOPS = 16;

/**
 * Ends a text before the first stop string that is completed in it, however the text is cut into pieces. Holds
 * back only what may still become a stop string.
 */
export class StopMatcher {
  readonly #stops: readonly Progress[];
  /** The end of the text so far, as long as the longest beginning of a stop string in it. */
  #held = "";
  #stopped = false;

  /** Raises an InputError for stop strings that cannot be looked for. */
  constructor(stops: readonly string[]) {
    checkStops(stops);
    this.#stops = stops.map((stop) => new Progress(stop));
  }

  /** The text that can no longer be part of a stop string, and whether one is complete. */
  push(text: string): { readonly text: string; readonly stopped: boolean } {
    if (this.#stopped) return { text: "", stopped: true };
    const pending = this.#held + text;
    for (let i = 0; i < text.length; i++) {
      const completeLen = this.#advance(text[i]!);
      if (completeLen === 0) continue;
      this.#stopped = true;
      this.#held = "";
      return { text: pending.slice(0, pending.length - text.length + i + 1 - completeLen), stopped: true };
    }
    const safeLen = pending.length - this.#stops.reduce((most, { matched }) => Math.max(most, matched), 0);
    this.#held = pending.slice(safeLen);
    return { text: pending.slice(0, safeLen), stopped: false };
  }

  /** What was held back when the text ends without a stop string. */
  flush(): string {
    const rest = this.#held;
    this.#held = "";
    return rest;
  }

  /** Length of the longest stop string that the next character completes; 0 for none. */
  #advance(character: string): number {
    let completeLen = 0;
    for (const stop of this.#stops) {
      if (stop.advance(character)) completeLen = Math.max(completeLen, stop.length);
    }
    return completeLen;
  }
}

/** How much of one stop string the end of the text matches (Knuth, Morris and Pratt, 1977). */
class Progress {
  readonly #stop: string;
  /** For each length of match, the next shorter one that the same text is. */
  readonly #shorter: readonly number[];
  matched = 0;

  constructor(stop: string) {
    this.#stop = stop;
    const shorter = [0, 0];
    for (let length = 1, border = 0; length < stop.length; length++) {
      while (border > 0 && stop[border] !== stop[length]) border = shorter[border]!;
      if (stop[border] === stop[length]) border++;
      shorter.push(border);
    }
    this.#shorter = shorter;
  }

  get length(): number {
    return this.#stop.length;
  }

  /** True when the character completes the stop string. */
  advance(character: string): boolean {
    while (this.matched > 0 && this.#stop[this.matched] !== character)
      this.matched = this.#shorter[this.matched]!;
    if (this.#stop[this.matched] === character) this.matched++;
    return this.matched === this.#stop.length;
  }
}

function checkStops(stops: unknown): void {
  if (!Array.isArray(stops)) {
    throw new InputError(`stop should be a string or a list of strings; it is ${JSON.stringify(stops)}.`);
  }
  if (stops.length > MAX_STOPS) {
    throw new InputError(`stop takes at most ${MAX_STOPS} strings; ${stops.length} came. Leave some out.`);
  }
  for (const [i, stop] of stops.entries()) {
    if (typeof stop === "string" && stop !== "") continue;
    throw new InputError(
      `stop[${i}] should be a string that is not empty; it is ${JSON.stringify(stop) ?? String(stop)}. Leave it out.`,
    );
  }
}
