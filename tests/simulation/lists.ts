/** Waiting lists at the level of their port: rows and entries in their order, each written atomically. */
import { holderName, holderOf } from '../../domain/tenant/holder.ts';
import { className, classOf, type Entry, placeOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { type Run, reach } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualLists {
  rows(): readonly WaitingRow[];
  storeFor(process: Process): WaitingStore;
}

interface Placed {
  readonly place: string;
  readonly item: WaitingRow | Entry;
}

export function virtualLists(run: Run, onWait: () => void): VirtualLists {
  const upgrade = run.world.dice('earlier list');
  const lists = new Map<string, Placed[]>();
  const earlier = new Map<string, WaitingRow>();
  const listOf = (name: string) => lists.get(name) ?? [];
  const set = (name: string, placed: Placed, over: boolean) => {
    const list = listOf(name);
    const at = positionIn(list, placed.place);
    const isThere = list[at]?.place === placed.place;
    if (isThere && !over) return;
    list.splice(at, isThere ? 1 : 0, placed);
    lists.set(name, list);
  };
  const remove = (name: string, place: string, isIt: (item: Placed['item']) => boolean) => {
    const list = listOf(name);
    const at = positionIn(list, place);
    const found = list[at];
    if (found?.place === place && isIt(found.item)) list.splice(at, 1);
  };
  const isRow = (item: Placed['item']): item is WaitingRow => 'jobId' in item;
  const nameOf = (row: WaitingRow) => `${row.tenantId} ${placeOf(row)}`;

  return {
    rows: () => [
      ...[...lists.values()].flat().flatMap(({ item }) => (isRow(item) ? [item] : [])),
      ...earlier.values(),
    ],
    storeFor(process) {
      const call = <T>(site: string, effect: () => T) =>
        reach(run, process, { site: `waiting.${site}` }, effect);
      return {
        put: (added) =>
          call('put', () => {
            for (const row of added) {
              // As a process of an earlier version puts it.
              if (run.lasting.upgraded && upgrade.happens(run.odds(0.3))) earlier.set(nameOf(row), row);
              else set(listNameOf(row), { place: placeOf(row), item: row }, false);
            }
            if (added.length > 0) onWait();
            run.count('waited for a slot');
          }),
        remove: (gone) =>
          call('remove', () => {
            for (const row of gone) {
              const admitted = process.role !== 'submit' && process.admitted.has(holderName(row));
              if (admitted && !process.asked.has(holderName(row)))
                run.violate('2.7', `${process.name} removes a row before its message is out`, row.jobId);
              remove(listNameOf(row), placeOf(row), isRow);
            }
          }),
        ready: (tenantId, typeTag, limit) =>
          call('ready', () => {
            const list = listOf(`${tenantId} ready ${typeTag}`);
            const items = list.slice(0, limit).map(({ item }) => item);
            return { items, unreadable: [], hasMore: list.length > limit };
          }),
        held: (tenantId, keyTag) =>
          call('held', () =>
            listOf(`${tenantId} held ${keyTag}`).flatMap(({ item }) => (isRow(item) ? [] : [item])),
          ),
        heldFrom: (tenantId, keyTag, limit) =>
          call('heldFrom', () =>
            [...lists]
              .filter(([name]) => name.startsWith(`${tenantId} held `))
              .flatMap(([, list]) => list.flatMap(({ item }) => (isRow(item) ? [] : [item])))
              .filter(({ of }) => of.keyTag >= keyTag)
              .toSorted((a, b) => a.of.keyTag - b.of.keyTag)
              .slice(0, limit),
          ),
        head: (of) =>
          call('head', () => {
            const [first] = listOf(className(of));
            return first !== undefined && isRow(first.item) ? first.item : undefined;
          }),
        putEntry: (entry) => call('putEntry', () => set(listNameOf(entry), placed(entry), true)),
        removeEntry: (entry) =>
          call('removeEntry', () =>
            remove(
              listNameOf(entry),
              placed(entry).place,
              (item) => 'token' in item && item.token === entry.token,
            ),
          ),
        has: (rows) =>
          call(
            'has',
            () =>
              new Set(
                rows.filter((row) => {
                  const list = listOf(listNameOf(row));
                  return list[positionIn(list, placeOf(row))]?.place === placeOf(row);
                }),
              ),
          ),
        count: (tenantId, before) =>
          call('count', () => {
            const bound = before === undefined ? undefined : placeOf(before);
            const all = [...lists.values()].flat().flatMap(({ item }) => (isRow(item) ? [item] : []));
            return [...all, ...earlier.values()].filter(
              (row) => row.tenantId === tenantId && (bound === undefined || placeOf(row) < bound),
            ).length;
          }),
        // One page is enough: what a wake-up cannot drain is left to the next one.
        earlier: async (tenantId, limit) => {
          if (earlier.size === 0) return { rows: [], unreadable: [] };
          return call('earlier', () => {
            const rows = [...earlier.values()].filter((row) => row.tenantId === tenantId);
            return { rows: rows.slice(0, limit), unreadable: [] };
          });
        },
        removeEarlier: (rows) =>
          call('removeEarlier', () => {
            for (const row of rows) earlier.delete(nameOf(row));
          }),
      };
    },
  };
}

function listNameOf(item: WaitingRow | Entry): string {
  if ('jobId' in item) {
    const of = classOf(item);
    return of === undefined ? `${item.tenantId} ready ${holderOf(item).typeTag}` : className(of);
  }
  const { tenantId, typeTag, keyTag } = item.of;
  return item.list === 'held' ? `${tenantId} held ${keyTag}` : `${tenantId} ready ${typeTag}`;
}

const placed = (entry: Entry): Placed => ({
  place: entry.list === 'held' ? String(entry.of.typeTag) : `${entry.place}#${entry.of.keyTag}`,
  item: entry,
});

/** Where the place is in the list, or would be. */
function positionIn(list: readonly Placed[], place: string): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((list[middle]?.place ?? '') < place) from = middle + 1;
    else to = middle;
  }
  return from;
}
