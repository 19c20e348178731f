/**
 * The place of an item in the index `dueInTurn`: its slice, and in it the minute in which it is due, its tenant and its kind.
 * So the items of one tenant and minute are together, and a reader can go from them to the next tenant's with one query.
 */
import { dueShard } from '../../../domain/job/identity.ts';
import type { Attributes } from '../writes.ts';

export type DueKind = 'job' | 'delivery' | 'gate' | 'schedule' | 'group' | 'operation' | 'unknown';

export interface Turn {
  readonly kind: DueKind;
  /** Empty for an item whose tenant is not known. */
  readonly tenantId: string;
  readonly dueAt: number;
}

const MINUTE_MS = 60_000;
/** Until the year 3871. */
const MINUTE_DIGITS = 9;
const MS_DIGITS = 5;

const minuteOf = (ms: number): string =>
  String(Math.max(0, Math.floor(ms / MINUTE_MS))).padStart(MINUTE_DIGITS, '0');

export const groupOf = ({ dueAt, tenantId, kind }: Turn): string => `${minuteOf(dueAt)}#${tenantId}#${kind}`;

/** @example 029400480#acme#job#07512 */
const turnOf = (turn: Turn): string =>
  `${groupOf(turn)}#${String(Math.max(0, turn.dueAt) % MINUTE_MS).padStart(MS_DIGITS, '0')}`;

/** Behind every item of its group, and before every other group. */
export const behind = (group: string): string => `${group}#~`;

/** Behind every item that is due in this minute. A time that no item reaches is behind all. */
export const endOfMinute = (ms: number): string => `${minuteOf(Math.min(ms, MAX_MS))}#~`;

const MAX_MS = (10 ** MINUTE_DIGITS - 1) * MINUTE_MS;

const TURN = /^([0-9]+)#([^#]*)#(job|delivery|gate|schedule|group|operation|unknown)#([0-9]+)$/;

/** @returns undefined for what a newer version, or a hand, has written */
export function parseTurn(dueTurn: string): Turn | undefined {
  const [, minute, tenantId = '', kind, ms] = TURN.exec(dueTurn) ?? [];
  if (kind === undefined) return undefined;
  return { kind: kind as DueKind, tenantId, dueAt: Number(minute) * MINUTE_MS + Number(ms) }; // as the pattern has it
}

/**
 * The attributes that put an item into the index, and out of the one of earlier versions. The index is sparse: without a
 * time there are none.
 *
 * @param id what the slice is made of, so that all items of one minute and tenant are in several
 */
export function dueAttributes(
  id: string,
  { dueAt, ...rest }: Omit<Turn, 'dueAt'> & { readonly dueAt: number | undefined },
): Attributes {
  if (dueAt === undefined) return NOT_DUE;
  return { ...NOT_DUE, dueSlice: dueShard(id), dueTurn: turnOf({ ...rest, dueAt }) };
}

const NOT_DUE = { dueSlice: undefined, dueTurn: undefined, dueShard: undefined };

/**
 * What a stored item may have of an index, whichever version wrote it: a change from these attributes sets or removes each,
 * so an item of the earlier index moves into this one with the next change of its time.
 */
export const anyDueAttributes = { dueSlice: '', dueTurn: '', dueShard: '' };
