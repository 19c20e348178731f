/** A list of failures: its filter, its groups, and the cursor by which a reader continues it. */
import { fnv1a } from '../job/identity.ts';
import type { FailureClass } from '../job/job.ts';
import { decoded, encoded } from './cursor.ts';
import type { FailureRow } from './failure-row.ts';

export interface FailureFilter {
  readonly tenantId?: string | undefined;
  readonly jobType?: string | undefined;
  readonly class?: FailureClass | undefined;
  readonly code?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** Failed at or after this moment, and before the other; epoch ms. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Without those that were run again or discarded since. */
  readonly isOpen?: boolean | undefined;
}

/** A failure in the order of the list: the newest first. */
export type FailurePlace = Pick<FailureRow, 'failedAt' | 'jobId'>;

/** The times are left out: the list is read by them. */
export function isListed(row: FailureRow, filter: FailureFilter): boolean {
  return (['tenantId', 'jobType', 'class', 'code', 'fingerprint'] as const).every(
    (name) => filter[name] === undefined || filter[name] === row[name],
  );
}

export interface FailureGroup {
  readonly fingerprint: string;
  readonly jobType: string;
  readonly class: FailureClass;
  readonly code: string;
  readonly count: number;
  /** How many tenants have such a failure. */
  readonly tenants: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** The newest of them, as an example. */
  readonly newest: FailureRow;
}

/** @param rows the newest first @returns the largest group first */
export function groupsOf(rows: readonly FailureRow[]): FailureGroup[] {
  const groups = [...Map.groupBy(rows, ({ fingerprint }) => fingerprint).values()];
  return groups
    .flatMap((group) => {
      const [newest] = group;
      if (newest === undefined) return [];
      const { fingerprint, jobType, class: cls, code } = newest;
      return {
        fingerprint,
        jobType,
        class: cls,
        code,
        count: group.length,
        tenants: new Set(group.map(({ tenantId }) => tenantId)).size,
        firstAt: group.at(-1)?.failedAt ?? newest.failedAt,
        lastAt: newest.failedAt,
        newest,
      };
    })
    .toSorted((a, b) => b.count - a.count || b.lastAt - a.lastAt);
}

export const failureCursorOf = ({ failedAt, jobId }: FailurePlace, filter: FailureFilter): string =>
  encoded({ at: failedAt, id: jobId, f: fingerprintOf(filter) });

/** @returns undefined for a cursor of another filter, and for text that is none */
export function failurePlaceIn(cursor: string, filter: FailureFilter): FailurePlace | undefined {
  const place = decoded(cursor);
  return place === undefined || place.f !== fingerprintOf(filter)
    ? undefined
    : { failedAt: place.at, jobId: place.id };
}

/** Without the times: an absent one is a moment that moves on while pages are turned. */
function fingerprintOf({ tenantId, jobType, class: cls, code, fingerprint, isOpen }: FailureFilter): number {
  return fnv1a(JSON.stringify([tenantId, jobType, cls, code, fingerprint, isOpen === true]));
}

const DAY_MS = 86_400_000;

/** The UTC days between two moments, such as `2026-11-30`, the newest first. */
export function daysOf(sinceMs: number, untilMs: number): string[] {
  const days: string[] = [];
  const first = Math.floor(sinceMs / DAY_MS);
  for (let day = Math.floor((untilMs - 1) / DAY_MS); day >= first; day--) days.push(dayOf(day * DAY_MS));
  return days;
}

export const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
