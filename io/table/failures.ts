/**
 * The rows of failed jobs in the table: a partition for each day and shard, in the order in which they failed. Sparse, so that a
 * job that succeeds costs nothing here.
 */
import { fnv1a } from '../../domain/job/identity.ts';
import { dayOf, type FailurePlace } from '../../domain/reading/failure-list.ts';
import { FAILURES_KEPT_DAYS, FailureRow } from '../../domain/reading/failure-row.ts';
import { type RowUnreadable, readEach, readRow } from './rows.ts';
import type { Attributes, Key, Table } from './table.ts';

export interface FailureStore {
  /** Puts the row of a failed job, unless it is there. */
  record(row: FailureRow): Promise<void>;
  /** The rows of a UTC day that follow a place, the newest first. Read consistently. */
  page(day: string, limit: number, after?: FailurePlace): Promise<FailurePage>;
}

export interface FailurePage {
  readonly rows: readonly FailureRow[];
  /** Whether the day has more behind the last one. */
  readonly hasMore: boolean;
}

/** A day in which everything fails must not be one hot partition. */
const SHARDS = [0, 1, 2, 3];

export function failureStore(
  items: Table,
  onUnreadable: (error: RowUnreadable) => void = () => undefined,
): FailureStore {
  return {
    async record(row) {
      // Idempotent: a repeat finds the row. A final record does not change, so both are alike, but for the log's last lines.
      await items.insert(failureKey(row), attributesOf(row));
    },

    async page(day, limit, after) {
      const before = after === undefined ? END : sortKeyOf(after);
      const pages = await Promise.all(
        SHARDS.map((shard) =>
          items.query({
            condition: 'pk = :pk AND sk < :before',
            values: { ':pk': partitionOf(day, shard), ':before': before },
            newestFirst: true,
            limit,
          }),
        ),
      );
      const sorted = pages
        .flatMap((page) => page.items)
        .toSorted((a, b) => (String(a['sk']) < String(b['sk']) ? 1 : -1));
      const { rows, unreadable } = readEach(sorted.slice(0, limit), (item) => readRow(FailureRow, item));
      for (const error of unreadable) onUnreadable(error);
      return { rows, hasMore: sorted.length > limit || pages.some(({ next }) => next !== undefined) };
    },
  };
}

/** Behind every time. */
const END = '~';

const partitionOf = (day: string, shard: number): string => `FAILED#${day}#${shard}`;
/** Thirteen digits last until the year 2286, and sort like numbers. */
const sortKeyOf = ({ failedAt, jobId }: FailurePlace): string =>
  `${String(failedAt).padStart(13, '0')}#${jobId}`;

export function failureKey(row: FailurePlace): Key {
  return {
    pk: partitionOf(dayOf(row.failedAt), fnv1a(row.jobId) % SHARDS.length),
    sk: sortKeyOf(row),
  };
}

const DAY_SECONDS = 86_400;

function attributesOf(row: FailureRow): Attributes {
  return { ...row, expiresAt: Math.ceil(row.failedAt / 1000) + FAILURES_KEPT_DAYS * DAY_SECONDS };
}
