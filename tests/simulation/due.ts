/** The index of due items: eventually what the items say, and until then what they said. */
import { DUE_SHARDS, dueShard } from '../../domain/job/identity.ts';
import { rollKey, sliceIdOf } from '../../io/table/due/rolls.ts';
import { groupOf } from '../../io/table/due/turns.ts';
import { type Due, type DueIndex, type DueStart, SET_ASIDE, type Subject } from '../../io/table/due.ts';
import { type Run, reach } from './faults.ts';
import { isUnreadable } from './unreadable.ts';
import type { Process } from './world.ts';

export interface VirtualDueIndex {
  /** To be called after each write of an item. */
  note(subject: Subject, item: DueItem): void;
  nextMs(): number;
  portFor(process: Process): DueIndex;
}

/** An item as it is when it is asked. */
interface DueItem {
  readonly tenantId: string;
  dueAt(): number | undefined;
  /** Whether another item is in the index in its place. */
  isOnRoll?(): boolean;
  /** Moves `dueAt` alone, in the item. */
  postpone(dueAt: number): void;
}

interface Row {
  readonly subject: Subject;
  readonly item: DueItem;
  readonly dueAt: number;
}

const LAG_MS = 30_000;
/** Small, so that a handful of items fills several pages. */
const PAGE = 2;
const OWN = Array.from({ length: DUE_SHARDS }, (_, shard) => String(shard));
const EARLIER = 'earlier';
const SHARDS = [...OWN, ...OWN.map((shard) => `${EARLIER} ${shard}`), ...SET_ASIDE];
const [ASIDE = ''] = SET_ASIDE;
const MINUTE_MS = 60_000;
const SET_ASIDE_AFTER = 5;

export function virtualDueIndex(run: Run): VirtualDueIndex {
  const lag = run.world.dice('index');
  const upgrade = run.world.dice('upgrade');
  const rows = new Map<string, Row>();
  const shards = new Map<string, string>();
  const failures = new Map<string, number>();
  const items = new Map<string, DueItem>();
  const note = (subject: Subject, item: DueItem) => {
    const name = nameOf(subject);
    items.set(name, item);
    run.world.after(lag.between(0, run.odds(1) > 0 ? LAG_MS : 1000), () => {
      const dueAt = item.isOnRoll?.() === true ? undefined : item.dueAt();
      const before = rows.get(name);
      if (dueAt === undefined) rows.delete(name);
      else rows.set(name, { subject, item, dueAt });
      const own = dueShard(idOf(subject));
      const shard = shards.get(name);
      // An item of an earlier version is in the index of that version until its time changes.
      if (shard === undefined)
        shards.set(name, run.lasting.upgraded && upgrade.happens(0.5) ? `${EARLIER} ${own}` : own);
      else if (shard.startsWith(EARLIER) && before?.dueAt !== dueAt) shards.set(name, own);
    });
  };
  const page = (shard: string, byMs: number, from: DueStart | undefined) => {
    const endMs = Math.floor(byMs / MINUTE_MS + 1) * MINUTE_MS;
    const placed = [...rows]
      .filter(([name, row]) => shards.get(name) === shard && row.dueAt < endMs)
      .map(([name, row]) => {
        const due = dueOf(shard, row);
        return { due, place: `${due.group}#${String(row.dueAt).padStart(14, '0')}#${name}` };
      })
      .toSorted((a, b) => (a.place < b.place ? -1 : 1));
    const start = from?.kind === 'behind' ? `${from.group}#~` : String(from?.position['place'] ?? '');
    const found = placed.filter(({ place }) => place > start);
    const last = found[PAGE - 1];
    const next = found.length > PAGE && last !== undefined ? { next: { place: last.place } } : {};
    return { due: found.slice(0, PAGE).map(({ due }) => due), ...next };
  };
  return {
    note,
    // What no function can read is due for ever.
    nextMs: () => {
      const own = [...rows.values()].filter(({ subject }) => !isUnreadable(tenantOrJobOf(subject)));
      return Math.min(Number.MAX_SAFE_INTEGER, ...own.map(({ dueAt }) => dueAt));
    },
    portFor: (process) => ({
      shards: SHARDS,
      due: async (shard, byMs, from) => {
        // What can go wrong with this read can go wrong with that of another shard, and most are empty.
        if (![...rows.keys()].some((name) => shards.get(name) === shard)) return { due: [] };
        return reach(run, process, { site: `due.${shard}` }, () => page(shard, byMs, from));
      },
      postponeFailed: (due, nowMs) =>
        reach(run, process, { site: 'due.postponeFailed' }, () => {
          const name = nameOf(due);
          const item = items.get(name);
          const dueAt = item?.dueAt();
          if (item === undefined || dueAt === undefined || dueAt > due.dueAt) return undefined;
          const count = (failures.get(name) ?? 0) + 1;
          const isSetAside = count >= SET_ASIDE_AFTER;
          failures.set(name, count);
          shards.set(name, isSetAside ? ASIDE : dueShard(idOf(due)));
          item.postpone(nowMs + MINUTE_MS * (isSetAside ? 60 : 2 ** (count - 1)));
          note(subjectIn(due), item);
          return { count, isSetAside };
        }),
      restore: (due) =>
        reach(run, process, { site: 'due.restore' }, () => {
          failures.delete(nameOf(due));
          shards.set(nameOf(due), dueShard(idOf(due)));
        }),
      remove: (due) =>
        reach(run, process, { site: 'due.remove' }, () => {
          const name = nameOf(due);
          if (items.get(name)?.dueAt() === undefined) rows.delete(name);
        }),
    }),
  };
}

function dueOf(shard: string, { subject, item: { tenantId }, dueAt }: Row): Due {
  const isSetAside = SET_ASIDE.includes(shard);
  if (shard.startsWith(EARLIER)) return { ...subject, dueAt, isSetAside, group: EARLIER };
  const kind = subject.kind === 'roll' ? 'job' : subject.kind;
  return { ...subject, tenantId, dueAt, isSetAside, group: groupOf({ kind, tenantId, dueAt }) };
}

function tenantOrJobOf(subject: Subject): string {
  if (subject.kind === 'schedule') return subject.schedule.tenantId;
  if (subject.kind === 'roll') return subject.roll.tenantId;
  if (subject.kind === 'group') return subject.jobGroup.tenantId;
  return subject.kind === 'delivery' ? subject.delivery.tenantId : nameOf(subject);
}

function nameOf(due: Subject): string {
  if (due.kind === 'job') return due.jobId;
  if (due.kind === 'roll') return `${rollKey(due.roll).pk} ${rollKey(due.roll).sk}`;
  if (due.kind === 'gate') return due.tenantId;
  if (due.kind === 'unknown') return due.key.pk;
  if (due.kind === 'operation') return due.operationId;
  if (due.kind === 'schedule') return `${due.schedule.tenantId} ${due.schedule.scheduleId}`;
  if (due.kind === 'group') return `${due.jobGroup.tenantId} ${due.jobGroup.groupId}`;
  const { tenantId, endpointId, at, webhookId } = due.delivery;
  return `${tenantId} ${endpointId} ${at} ${webhookId}`;
}

/** What the item's shard is made of. */
function idOf(due: Subject): string {
  if (due.kind === 'roll') return sliceIdOf(due.roll);
  return due.kind === 'delivery' ? due.delivery.webhookId : nameOf(due);
}

function subjectIn(due: Due): Subject {
  const { dueAt: _, isSetAside: __, group: ___, ...subject } = due;
  return subject;
}
