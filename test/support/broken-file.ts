import type { Bytes } from "./memory-source.ts";
import { jsonFile } from "./model-files.ts";
import { type HeaderEntry, joinSafetensors, splitSafetensors } from "./safetensors.ts";

/** Breaks a sound folder. */
export type Break = (files: Map<string, Bytes>) => void;

export const WEIGHTS = "model.safetensors";

export const without =
  (...names: string[]): Break =>
  (files) =>
    names.forEach((name) => {
      files.delete(name);
    });

/** A file of that text, or of those bytes. */
export const replaced =
  (name: string, content: string | Bytes): Break =>
  (files) =>
    void files.set(name, typeof content === "string" ? new TextEncoder().encode(content) : content);

/** A JSON file with some of its fields set; one set to undefined is left out. */
export const withFields =
  (name: string, fields: Readonly<Record<string, unknown>>): Break =>
  (files) =>
    void files.set(name, jsonFile({ ...JSON.parse(new TextDecoder().decode(files.get(name))), ...fields }));

/** A JSON file in which a field has a value that only JavaScript could write, `NaN` say. */
export const withRawField =
  (name: string, field: string, value: string): Break =>
  (files) => {
    withFields(name, { [field]: "@" })(files);
    replaced(name, new TextDecoder().decode(files.get(name)).replace('"@"', value))(files);
  };

export const changed =
  (name: string, change: (bytes: Bytes) => Bytes): Break =>
  (files) =>
    void files.set(name, change(files.get(name)!));

/** The file's first bytes. */
export const cutTo = (name: string, length: number): Break =>
  changed(name, (bytes) => bytes.slice(0, length));

/** Weights whose header gives another length for itself. */
export const withHeaderLength = (length: bigint): Break =>
  changed(WEIGHTS, (bytes) => {
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return bytes;
  });

/** Weights whose header says something else of what follows it. */
export const withHeader = (change: (header: Record<string, HeaderEntry>) => unknown): Break =>
  changed(WEIGHTS, (bytes) => {
    const { header, data } = splitSafetensors(bytes);
    return joinSafetensors(JSON.stringify(change(header) ?? header), [data]);
  });

/** Weights whose header describes one tensor differently. */
export const withEntry = (name: string, fields: Partial<HeaderEntry>): Break =>
  withHeader((header) => void Object.assign(header[name]!, fields));
