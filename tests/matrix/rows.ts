/**
 * What can go wrong, row by row, and what is to come of it. A test names the rows it shows in its title, in brackets at
 * the end: `(F29)`, `(M23, M24)`. docs/developing/faults.md is made of these rows and of those titles.
 */
import type { ErrorCode } from '../../domain/errors.ts';

export interface Shown {
  /** One sentence: what happens. */
  readonly what: string;
  /** What Headgate does about it, or what becomes of the message. */
  readonly answer: string;
  /** With which it is refused, or the job fails. */
  readonly codes?: readonly ErrorCode[];
}

/** Cannot happen here, or not yet: no test may name it. */
export interface NotHere {
  readonly what: string;
  readonly notHere: string;
}

export type Row = Shown | NotHere;
export type Rows = Readonly<Record<string, Row>>;
