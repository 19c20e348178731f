/** A part of dynalite's store: the rows of one table or one index, by keys that sort as the items do. */
import type { Readable } from 'node:stream';

export type Done<Value = unknown> = (error: unknown, value?: Value) => void;
export type Locking = (key: string, work: (release: (done: Done) => Done) => void) => void;
export type Row = Readonly<Record<string, unknown>>;

/** Bounds of keys, in the order of their bytes. */
export interface Range {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  /** -1 and undefined: all. */
  readonly limit?: number;
}

export type Change =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

/** The rows of one table, one index, or the tables themselves. */
export interface Space {
  readonly lock: Locking;
  get(key: string, done: Done<Row>): void;
  put(key: string, value: Row, done: Done): void;
  del(key: string, done: Done): void;
  batch(changes: readonly Change[], done: Done): void;
  /** With their keys. */
  entries(range?: Range): Iterable<readonly [string, Row]>;
  createKeyStream(range?: Range): Readable;
  createValueStream(range?: Range): Readable;
}
