/** Groups at the level of their port: a record, and a row for each job that asked, with the same conditions as in the table. */
import { Fault } from '../../domain/fault.ts';
import { Group, type GroupName } from '../../domain/group/group.ts';
import type { Member, Membership } from '../../domain/group/member.ts';
import { ArrayRequest } from '../../domain/request/request.ts';
import { type ArrayItemStore, sliceOf } from '../../io/table/group/array-items.ts';
import type { GroupLists } from '../../io/table/group/group-lists.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { VirtualDueIndex } from './due.ts';
import { type Run, reach, read } from './faults.ts';
import { type VirtualItemObjects, virtualItemObjects } from './item-objects.ts';
import { check } from './unreadable.ts';
import type { Process } from './world.ts';

export type OnGroup = (process: Process, before: Group | undefined, after: Group) => void;

export interface VirtualGroups {
  all(): readonly Group[];
  /** Those that are in, as the rows say now. */
  membersOf(name: GroupName): readonly Member[];
  /** Whether its cancel was there before the array was, by the order of the writes: clocks of processes differ. */
  wasCancelledAhead(name: GroupName): boolean;
  nextDueMs(): number;
  portFor(process: Process): GroupStore & GroupLists;
  itemsFor(process: Process): ArrayItemStore;
  readonly inBucket: VirtualItemObjects;
}

const nameOf = ({ tenantId, groupId }: GroupName) => `${tenantId} ${groupId}`;
/** Small, so that a few members are several pages. */
const PAGE = 2;

export function virtualGroups(run: Run, index: VirtualDueIndex, onWrite: OnGroup): VirtualGroups {
  const items = new Map<string, { readonly group: Group; readonly by: string }>();
  const rows = new Map<string, Map<string, Member>>();
  const requests = new Map<string, string>();
  const failed = new Map<string, Set<number>>();
  const cancelledAhead = new Set<string>();
  let tokens = 0;
  const rowsOf = (name: GroupName) => {
    const known = rows.get(nameOf(name)) ?? new Map<string, Member>();
    rows.set(nameOf(name), known);
    return known;
  };
  const inOrder = (name: GroupName) =>
    [...rowsOf(name).values()].toSorted((a, b) => (a.jobId < b.jobId ? -1 : 1));

  const commit = (process: Process, next: Group, by: string) => {
    const name = nameOf(next);
    const before = items.get(name)?.group;
    // As from the real table: what the schema lets through, without what is undefined.
    const after = Group.parse(JSON.parse(JSON.stringify(next)));
    items.set(name, { group: after, by });
    if (before?.cancelledAt !== undefined && before.array === undefined && after.array !== undefined)
      cancelledAhead.add(name);
    const { tenantId, groupId } = after;
    index.note(
      { kind: 'group', jobGroup: { tenantId, groupId } },
      {
        tenantId,
        dueAt: () => items.get(name)?.group.dueAt,
        postpone(dueAt) {
          const held = items.get(name);
          if (held !== undefined) items.set(name, { ...held, group: { ...held.group, dueAt } });
        },
      },
    );
    run.note(process.name, () => `GROUP ${name} v${after.version} ${JSON.stringify(after)}`);
    onWrite(process, before, after);
  };

  return {
    inBucket: virtualItemObjects(run),
    all: () => [...items.values()].map(({ group }) => group),
    wasCancelledAhead: (name) => cancelledAhead.has(nameOf(name)),
    membersOf: (name) => inOrder(name).filter(({ membership }) => membership === 'in'),
    nextDueMs: () =>
      Math.min(...[...items.values()].map(({ group }) => group.dueAt ?? Number.MAX_SAFE_INTEGER)),

    itemsFor: (process) => ({
      put: (name, request) =>
        reach(run, process, { site: 'arrayItems.put' }, () => {
          requests.set(`${nameOf(name)} ${name.fingerprint}`, JSON.stringify(request));
        }),
      async slice(name, from, limit) {
        const stored = await read(run, process, undefined, () =>
          requests.get(`${nameOf(name)} ${name.fingerprint}`),
        );
        if (stored === undefined) throw new Fault('ArrayWithoutItems', 'A group has no items', name.groupId);
        const request = ArrayRequest.parse(JSON.parse(stored));
        return { request, items: sliceOf(request, from, Math.min(limit, PAGE)) };
      },
    }),

    portFor(process) {
      const call = <T>(site: string, effect: (by: string) => T) => {
        const by = `${process.name}/${++tokens}`;
        return reach(run, process, { site: `groups.${site}` }, () => effect(by));
      };
      return {
        get: async (name) => {
          const found = await read(run, process, undefined, () => items.get(nameOf(name))?.group);
          check(run, name.tenantId);
          return found;
        },
        create: (group) =>
          call('create', (by) => {
            const held = items.get(nameOf(group));
            if (held !== undefined) return held.by === by ? 'written' : 'lost';
            commit(process, group, by);
            return 'written';
          }),
        replace: (seen, next) =>
          call('replace', (by) => {
            const held = items.get(nameOf(seen));
            if (held?.group.version !== seen.version) return held?.by === by ? 'written' : 'lost';
            commit(process, next, by);
            return 'written';
          }),
        ask: (name, { jobId, at }) =>
          call('ask', (): Membership => {
            const known = rowsOf(name);
            const row = known.get(jobId) ?? { jobId, membership: 'open', at };
            known.set(jobId, row);
            return row.membership;
          }),
        decide: (name, jobId, membership) =>
          call('decide', () => {
            const row = rowsOf(name).get(jobId);
            if (row === undefined) return 'out';
            if (row.membership !== 'open') return row.membership;
            rowsOf(name).set(jobId, { ...row, membership });
            run.count(`member ${membership}`);
            return membership;
          }),
        members: (name, limit, after) =>
          call('members', () => {
            const rest = inOrder(name).filter(({ jobId }) => after === undefined || jobId > after);
            const members = rest.slice(0, Math.min(limit, PAGE));
            const last = members.at(-1);
            return { members, ...(rest.length > members.length && last ? { next: last.jobId } : {}) };
          }),
        noteFailed: (name, { index, most }) =>
          call('noteFailed', () => {
            const places = failed.get(nameOf(name)) ?? new Set<number>();
            if (places.size <= most) places.add(index);
            failed.set(nameOf(name), places);
            return places.size > most;
          }),
        count: (name) =>
          call('count', () => inOrder(name).filter(({ membership }) => membership === 'in').length),
        list: (tenantId, limit, after) =>
          call('list', () => {
            const rest = [...items.values()]
              .map(({ group }) => group)
              .filter((group) => group.tenantId === tenantId)
              .toSorted((a, b) => b.createdAt - a.createdAt || (a.groupId < b.groupId ? 1 : -1))
              .filter(
                ({ createdAt, groupId }) =>
                  after === undefined ||
                  createdAt < after.createdAt ||
                  (createdAt === after.createdAt && groupId < after.groupId),
              );
            return { groups: rest.slice(0, limit), hasMore: rest.length > limit };
          }),
      };
    },
  };
}
