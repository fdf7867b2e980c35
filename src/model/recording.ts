/** Which steps are encoded from recorded lists: see `listKeys`. */
export type RecordingMode = "none" | "piecewise" | "full" | "fullDecodeOnly" | "fullAndPiecewise";

export const RECORDING_MODES = [
  "none",
  "piecewise",
  "full",
  "fullDecodeOnly",
  "fullAndPiecewise",
] as const satisfies readonly RecordingMode[];

/** How much of a step comes from its list: all of it, all but attention, nothing. */
export type RecordedShare = "whole" | "pieces" | "nothing";

/** Names a list: what it has recorded, and how many tokens a step it serves may have. */
export interface ListKey {
  readonly share: RecordedShare;
  readonly tokenLimit: number;
}

/** What a mode wants of steps that only decode, and of those with a prompt's chunk among them. */
const wantedShares: Record<RecordingMode, { readonly decode: RecordedShare; readonly mixed: RecordedShare }> =
  {
    none: { decode: "nothing", mixed: "nothing" },
    piecewise: { decode: "pieces", mixed: "pieces" },
    full: { decode: "whole", mixed: "whole" },
    fullDecodeOnly: { decode: "whole", mixed: "nothing" },
    fullAndPiecewise: { decode: "whole", mixed: "pieces" },
  };

/**
 * The lists a mode wants recorded, largest first: one for each of its shares and each of `tokenLimits` that is
 * at most `recordUpTo`.
 */
export function listKeys(mode: RecordingMode, tokenLimits: readonly number[], recordUpTo: number): ListKey[] {
  const { decode, mixed } = wantedShares[mode];
  const shares = [...new Set([decode, mixed])].filter((share) => share !== "nothing");
  return tokenLimits
    .filter((limit) => limit <= recordUpTo)
    .toSorted((a, b) => b - a)
    .flatMap((tokenLimit) => shares.map((share) => ({ share, tokenLimit })));
}

/** What a step's choice of a list follows from. */
export interface BatchClass {
  readonly tokenCount: number;
  /** No prompt's chunk in it. */
  readonly decodeOnly: boolean;
}

export interface DispatcherStats {
  readonly mode: RecordingMode;
  /** Steps served by each list, those with nothing recorded included. */
  readonly steps: readonly (ListKey & { readonly stepCount: number })[];
  /** Steps that had less recorded than the mode wants for them, and why. */
  readonly downgrades: readonly { readonly reason: string; readonly stepCount: number }[];
}

/** What may stand in for a share, itself first. */
const lesserShares: Record<RecordedShare, readonly RecordedShare[]> = {
  whole: ["whole", "pieces", "nothing"],
  pieces: ["pieces", "nothing"],
  nothing: ["nothing"],
};

/** Maps batches to lists: to what the mode wants where that was recorded, and to less where it was not. */
export class StepDispatcher {
  readonly #mode: RecordingMode;
  /** By token limit, ascending. */
  readonly #keys: readonly ListKey[];
  readonly #steps = new Map<ListKey, number>();
  readonly #downgrades = new Map<string, number>();

  /** `keys` are the lists there are; `choose` returns no other. */
  constructor(mode: RecordingMode, keys: readonly ListKey[]) {
    this.#mode = mode;
    this.#keys = keys.toSorted((a, b) => a.tokenLimit - b.tokenLimit);
  }

  /** The list for a batch: the smallest that holds it, of the share the mode wants or of the next lesser one. */
  choose({ tokenCount, decodeOnly }: BatchClass): ListKey {
    const wanted = wantedShares[this.#mode][decodeOnly ? "decode" : "mixed"];
    for (const share of lesserShares[wanted]) {
      const key = this.#keys.find((one) => one.share === share && one.tokenLimit >= tokenCount);
      if (!key) continue;
      count(this.#steps, key);
      if (share !== wanted) count(this.#downgrades, this.#reason(wanted, share));
      return key;
    }
    throw new Error(`no list holds a step of ${tokenCount} tokens; the largest takes ${this.#largest()}`);
  }

  get stats(): DispatcherStats {
    return {
      mode: this.#mode,
      steps: [...this.#steps].map(([key, stepCount]) => ({ ...key, stepCount })),
      downgrades: [...this.#downgrades].map(([reason, stepCount]) => ({ reason, stepCount })),
    };
  }

  #reason(wanted: RecordedShare, taken: RecordedShare): string {
    return `${wanted} wanted, ${taken} taken: lists with ${wanted} recorded end at ${this.#largest(wanted)} tokens`;
  }

  #largest(share?: RecordedShare): number {
    return this.#keys.findLast((key) => share === undefined || key.share === share)?.tokenLimit ?? 0;
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
