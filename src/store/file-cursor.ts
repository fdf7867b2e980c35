import { abortReason, ModelError } from "../errors.ts";
import { orAbort } from "./abort.ts";
import type { FileSource, OpenFile } from "./source.ts";

type Bytes = Uint8Array<ArrayBuffer>;
const NO_BYTES: Bytes = new Uint8Array(0);

/**
 * Reads stretches of one file in ascending order, holding one chunk of the network at a time. It copes with
 * sources that ignore ranges or send more than asked, and goes on by a new request where a connection broke
 * off after it had brought something.
 */
export class FileCursor {
  readonly #source: FileSource;
  readonly #path: string;
  readonly #signal: AbortSignal | undefined;
  #reader: ReadableStreamDefaultReader<Bytes> | undefined;
  /** Bytes at `#position`, received and not yet handed out. */
  #rest = NO_BYTES;
  #position = 0;
  #end = 0;
  /** Whether the source begins its answers where it is asked to. */
  #servesRanges = true;
  /** Whether the present connection has brought a byte. */
  #delivered = false;
  #sizeBytes: number | undefined;

  constructor(source: FileSource, path: string, signal?: AbortSignal) {
    this.#source = source;
    this.#path = path;
    this.#signal = signal;
  }

  /** Size of the file, where the source tells it; known after `seek`. */
  get sizeBytes(): number | undefined {
    return this.#sizeBytes;
  }

  /** Goes to the stretch [start, end); an infinite `end` is the file's. False where there is no such file. */
  async seek(start: number, end: number): Promise<boolean> {
    this.#end = end;
    if (this.#reader && !this.#servesRanges) {
      await this.skipTo(start);
      return true;
    }
    this.close();
    const file = await this.#open(start);
    if (!file) return false;
    this.#attach(file);
    if (file.start > start) throw this.#misplaced(start, file.start);
    this.#servesRanges = file.start === start;
    await this.skipTo(start);
    return true;
  }

  /** The next bytes of the stretch, 1 to `mostBytes`; undefined at its end or the file's. */
  async read(mostBytes = Number.POSITIVE_INFINITY): Promise<Bytes | undefined> {
    while (this.#position < this.#end) {
      if (this.#rest.length > 0) return this.#take(Math.min(mostBytes, this.#end - this.#position));
      if (!(await this.#receive())) return undefined;
    }
    return undefined;
  }

  /** Reads over what stands before byte `start`. */
  async skipTo(start: number): Promise<void> {
    while (this.#position < start) {
      if (this.#rest.length > 0) this.#take(start - this.#position);
      else if (!(await this.#receive())) return;
    }
  }

  /** Ends the connection, and does not wait for the source to notice. */
  close(): void {
    this.#reader?.cancel().catch(() => {});
    this.#reader = undefined;
    this.#rest = NO_BYTES;
  }

  async #open(start: number): Promise<OpenFile | undefined> {
    const signal = this.#signal;
    if (signal?.aborted) throw abortReason(signal);
    const whole = start === 0 && this.#end === Number.POSITIVE_INFINITY;
    const options = { ...(!whole && { range: { start, end: this.#end } }), ...(signal && { signal }) };
    return await orAbort(this.#source.open(this.#path, options), signal);
  }

  #attach(file: OpenFile): void {
    this.#reader = file.stream.getReader();
    this.#position = file.start;
    this.#sizeBytes = file.sizeBytes ?? this.#sizeBytes;
    this.#delivered = false;
  }

  #take(mostBytes: number): Bytes {
    const bytes = this.#rest.subarray(0, mostBytes);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#position += bytes.length;
    return bytes;
  }

  /** Waits for the next chunk. False where the file ends. */
  async #receive(): Promise<boolean> {
    try {
      const { done, value } = await orAbort(this.#reader!.read(), this.#signal);
      if (!done) {
        this.#rest = value;
        this.#delivered ||= value.length > 0;
        return true;
      }
    } catch (error) {
      if (this.#signal?.aborted) throw abortReason(this.#signal);
      if (await this.#resume()) return true;
      throw error;
    }
    const unbounded = this.#end === Number.POSITIVE_INFINITY && this.#sizeBytes === undefined;
    return !unbounded && (await this.#resume());
  }

  /**
   * A new connection from where the last one ended. Only as long as each brings something, so that a source
   * that always breaks off at the same byte is not asked forever.
   */
  async #resume(): Promise<boolean> {
    if (!this.#delivered || !this.#servesRanges || this.#position === this.#sizeBytes) return false;
    const file = await this.#open(this.#position).catch(() => undefined);
    if (this.#signal?.aborted) throw abortReason(this.#signal);
    if (!file) return false;
    if (file.start !== this.#position) {
      await file.stream.cancel().catch(() => {});
      return false;
    }
    this.#attach(file);
    return true;
  }

  #misplaced(asked: number, came: number): ModelError {
    return new ModelError(
      `${this.#path} of ${this.#source.label} was asked for from byte ${asked} and came from byte ${came}. ` +
        "The server's answers to range requests are wrong: serve the folder with another one.",
    );
  }
}
