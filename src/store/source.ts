/** A place a model's files are read from: a web address, a hub repository, a folder on disk. */
export interface FileSource {
  /** What to call it in messages. */
  readonly label: string;
  /**
   * Opens a file, or bytes [start, end) of it. Resolves with undefined when there is no such file; rejects
   * with a ModelError for any other failure. A source that cannot serve ranges may answer with the whole
   * file: `start` of the answer says where its first byte stands. A stream that breaks off fails with a
   * ModelError; one that ends before the range does means that the file ends there or that the source gives
   * no more at once.
   */
  open(path: string, options?: OpenOptions): Promise<OpenFile | undefined>;
}

export interface OpenOptions {
  readonly range?: ByteRange;
  readonly signal?: AbortSignal;
}

/** Half open: [start, end). An infinite end is the file's. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface OpenFile {
  /** Position in the file of the stream's first byte. */
  readonly start: number;
  /** Size of the whole file, where known. */
  readonly sizeBytes: number | undefined;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** How far a model's files have been read. */
export interface TransferProgress {
  readonly phase: "open" | "weights";
  readonly loadedBytes: number;
  /** 0 while unknown. */
  readonly totalBytes: number;
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
}
