import { MAX_DECODE_TOKENS, type StepPlan } from "../engine/step.ts";
import { InputError } from "../errors.ts";
import { CommandList } from "../gpu/command-list.ts";
import type { StepDispatch } from "../kernels/recorder.ts";
import type { StepShape } from "../kernels/step-metadata.ts";
import {
  type DispatcherStats,
  type ListKey,
  listKeys,
  RECORDING_MODES,
  type RecordedShare,
  type RecordingMode,
  StepDispatcher,
} from "./recording.ts";

export interface RecordingOptions {
  /** What to record; "full" by default: no mode decodes faster by more than chance, and it encodes mixed steps quickest. */
  readonly mode?: RecordingMode | undefined;
  /** Steps of more tokens than this are not recorded; all are by default. */
  readonly recordUpTo?: number | undefined;
}

/** What was recorded, and what it served since. */
export interface RecordingStats extends DispatcherStats {
  /** In the order of their making; a recorded dispatch is a bind group that is kept. */
  readonly lists: readonly (ListKey & { readonly recordedDispatches: number })[];
}

/** Which dispatches each share has recorded. */
const isRecorded: Record<RecordedShare, (dispatch: StepDispatch) => boolean> = {
  whole: () => true,
  pieces: ({ kernel }) => !kernel.name.startsWith("attention"),
  nothing: () => false,
};

/** The lists that steps are encoded from, made once, and the choice among them. */
export class StepLists {
  readonly #lists = new Map<ListKey, CommandList<StepShape>>();
  readonly #dispatcher: StepDispatcher;

  /**
   * `dispatchesFor` gives a step of at most `tokenLimit` tokens; there is a list for each of `limits`, the last of
   * which is that of all steps.
   */
  constructor(
    dispatchesFor: (tokenLimit: number) => StepDispatch[],
    limits: readonly number[],
    { mode = "full", recordUpTo = Number.POSITIVE_INFINITY }: RecordingOptions = {},
  ) {
    if (!RECORDING_MODES.includes(mode)) {
      throw new InputError(`recording is "${mode}": expected one of ${RECORDING_MODES.join(", ")}.`);
    }
    const steps = new Map(limits.map((limit) => [limit, dispatchesFor(limit)]));
    const keys: ListKey[] = [
      ...listKeys(mode, limits, recordUpTo),
      ...limits.map((tokenLimit) => ({ share: "nothing" as const, tokenLimit })),
    ];
    for (const key of keys) {
      this.#lists.set(key, new CommandList(steps.get(key.tokenLimit)!, isRecorded[key.share]));
    }
    this.#dispatcher = new StepDispatcher(mode, keys);
  }

  /** The list to encode a step from. */
  choose({ sequences }: StepPlan, { tokenCount }: StepShape): CommandList<StepShape> {
    // Prompt chunks stand last.
    const decodeOnly = (sequences.at(-1)?.tokens.length ?? 0) <= MAX_DECODE_TOKENS;
    return this.#lists.get(this.#dispatcher.choose({ tokenCount, decodeOnly }))!;
  }

  /** Dispatches of the longest list. */
  get largestDispatchCount(): number {
    return Math.max(...[...this.#lists.values()].map(({ dispatchCount }) => dispatchCount));
  }

  get stats(): RecordingStats {
    const lists = [...this.#lists]
      .filter(([{ share }]) => share !== "nothing")
      .map(([key, { recordedCount }]) => ({ ...key, recordedDispatches: recordedCount }));
    return { ...this.#dispatcher.stats, lists };
  }
}
