/**
 * A global index that lags behind its table: for a while after a write, its readers see the row as it was before. Only a
 * process that still runs remembers this; after a restart the index has caught up.
 */
import { Readable } from 'node:stream';
import type { Range, Row, Space } from './space.ts';

interface Before {
  /** undefined: there was none. */
  readonly row: Row | undefined;
  readonly untilMs: number;
}

/** @param lagMs by `Date`, which follows the clock of the cloud */
export function lagging(space: Space, lagMs: number): Space {
  const before = new Map<string, Before>();
  const remember = (key: string, row: Row | undefined): void => {
    const nowMs = Date.now();
    // In the order of writing, so the first that is not over ends the search.
    for (const [old, { untilMs }] of before) {
      if (untilMs > nowMs) break;
      before.delete(old);
    }
    // Of several writes within the lag, readers see the row from before the first.
    if (!before.has(key)) before.set(key, { row, untilMs: nowMs + lagMs });
  };
  return Object.create(space, {
    put: {
      value: ((key, row, done) =>
        space.get(key, (_, old) => {
          remember(key, old);
          space.put(key, row, done);
        })) satisfies Space['put'],
    },
    del: {
      value: ((key, done) =>
        space.get(key, (_, old) => {
          remember(key, old);
          space.del(key, done);
        })) satisfies Space['del'],
    },
    createValueStream: {
      value: ((range = {}) => Readable.from(seen(space, before, range))) satisfies Space['createValueStream'],
    },
  });
}

/** The rows of now, with those that changed a moment ago as they were. */
function* seen(
  space: Space,
  before: ReadonlyMap<string, Before>,
  { limit = -1, ...range }: Range,
): Generator<Row> {
  const { reverse = false } = range;
  const isEarlier = (left: string, right: string) => (reverse ? left > right : left < right);
  const nowMs = Date.now();
  const old = [...before]
    .filter(([key, { untilMs }]) => untilMs > nowMs && isWithin(key, range))
    .toSorted(([left], [right]) => (isEarlier(left, right) ? -1 : 1));
  let left = limit < 0 ? Number.POSITIVE_INFINITY : limit;
  for (const [, row] of merged(space.entries(range), old, isEarlier)) {
    if (row === undefined) continue;
    if (left === 0) return;
    left -= 1;
    yield row;
  }
}

/** Two sorted lists as one; where both have a key, the old row is taken. */
function* merged(
  now: Iterable<readonly [string, Row]>,
  old: readonly (readonly [string, Before])[],
  isEarlier: (left: string, right: string) => boolean,
): Generator<readonly [string, Row | undefined]> {
  let place = 0;
  for (const entry of now) {
    let next = old[place];
    while (next !== undefined && isEarlier(next[0], entry[0])) {
      yield [next[0], next[1].row];
      place += 1;
      next = old[place];
    }
    if (next?.[0] !== entry[0]) yield entry;
  }
  for (const [key, { row }] of old.slice(place)) yield [key, row];
}

function isWithin(key: string, { gt, gte, lt, lte }: Range): boolean {
  return (
    (gt === undefined || key > gt) &&
    (gte === undefined || key >= gte) &&
    (lt === undefined || key < lt) &&
    (lte === undefined || key <= lte)
  );
}
