import { ModelError } from "../../src/errors.ts";
import type { ByteRange, FileSource, OpenFile, OpenOptions } from "../../src/store/source.ts";
import type { Bytes } from "./memory-source.ts";

export interface Moods {
  readonly chunkBytes?: number;
  /** Answers every request with the whole file. */
  readonly ignoresRanges?: boolean;
  /** Each connection fails after that many bytes. */
  readonly breaksAfterBytes?: number;
  /** Each connection ends after that many bytes, as if that were all. */
  readonly endsAfterBytes?: number;
  /** Every connection fails at that byte of the file. */
  readonly breaksAtByte?: number;
  /** Every connection says no more from that byte of the file on. */
  readonly stallsAtByte?: number;
  /** How far behind the byte asked for an answer begins. */
  readonly misplacedBytes?: number;
}

/** A source of one file that has its moods, and remembers what it was asked. */
export class MoodySource implements FileSource {
  readonly label = "the moody source";
  /** Ranges asked for, in order. */
  readonly ranges: (ByteRange | undefined)[] = [];
  sentBytes = 0;
  /** Connections neither read to their end nor cancelled. */
  openCount = 0;
  /** Resolves when a connection has stalled. */
  readonly stalled: Promise<void>;
  readonly #file: Bytes | undefined;
  readonly #moods: Moods;
  #stall!: () => void;

  constructor(file: Bytes | undefined, moods: Moods = {}) {
    this.#file = file;
    this.#moods = moods;
    this.stalled = new Promise((resolve) => {
      this.#stall = resolve;
    });
  }

  async open(_path: string, { range }: OpenOptions = {}): Promise<OpenFile | undefined> {
    this.ranges.push(range);
    const file = this.#file;
    if (!file) return undefined;
    const { ignoresRanges, misplacedBytes = 0 } = this.#moods;
    const asked = ignoresRanges || !range ? { start: 0, end: file.length } : range;
    const start = asked.start + misplacedBytes;
    return { start, sizeBytes: file.length, stream: this.#stream(start, Math.min(asked.end, file.length)) };
  }

  #stream(start: number, end: number): ReadableStream<Bytes> {
    const { chunkBytes = 7, breaksAfterBytes, endsAfterBytes, breaksAtByte, stallsAtByte } = this.#moods;
    const breakAt = Math.min(breaksAtByte ?? Infinity, start + (breaksAfterBytes ?? Infinity));
    const stop = Math.min(end, start + (endsAfterBytes ?? Infinity), breakAt, stallsAtByte ?? Infinity);
    let position = start;
    this.openCount++;
    return new ReadableStream(
      {
        pull: (controller) => {
          const chunk = this.#file!.slice(position, Math.min(stop, position + chunkBytes));
          position += chunk.length;
          this.sentBytes += chunk.length;
          if (chunk.length > 0) return controller.enqueue(chunk);
          if (position === stallsAtByte) return this.#never();
          this.openCount--;
          if (position === breakAt) throw new ModelError(`The connection broke off at byte ${position}.`);
          controller.close();
        },
        cancel: () => {
          this.openCount--;
        },
      },
      { highWaterMark: 0 },
    );
  }

  #never(): Promise<void> {
    this.#stall();
    return new Promise(() => {});
  }
}
