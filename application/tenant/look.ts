/**
 * A look at the waiting lists of a tenant: attempts acquire the slots that are free, those that wait longest first.
 *
 * It reads the first rows of the lists that have room, and never a list as a whole: a row that cannot acquire a slot is not
 * in front of one that can.
 * @see docs/developing/protocol.md, 2.7
 */

import { asking } from '../../domain/batch/messages.ts';
import { type Gate, type GateDecision, roomAt } from '../../domain/tenant/gate.ts';
import { className, classOf, type Entry, placeOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Log } from '../../io/process/log.ts';
import { together } from '../apart.ts';
import { acquireAll, loadGate } from './acquire.ts';
import { type EntryPorts, type Led, settleEntries } from './entries.ts';

export interface LookPorts extends EntryPorts {
  readonly submitQueue: Queue;
  readonly log: Log;
}

export interface Look {
  /** Keys that may have room again. */
  readonly keys: ReadonlySet<number>;
  /** Absent: all types that have lists. */
  readonly types?: ReadonlySet<number>;
  /** No more slots can have become free. */
  readonly most: number;
  /** Attempts that need no message when they acquire a slot: this handler goes on with them. */
  readonly own?: readonly WaitingRow[];
}

export interface Looked {
  /** The decisions that gave something, by place. */
  readonly given: ReadonlyMap<string, GateDecision>;
  readonly gate: Gate | undefined;
  /** Whether the look was ended before the lists were. */
  readonly hasMore: boolean;
}

/** Rows of a list that are read at once. */
const MAX_PAGE = 100;
/** After this many reads of lists a look is continued by a message. */
const MAX_ROUNDS = 10;

/** @param seen the gate, if it was read after the change that this look is for */
export async function look(ports: LookPorts, tenantId: string, asked: Look, seen?: Gate): Promise<Looked> {
  let gate = seen ?? (await loadGate(ports.gates, tenantId));
  const given = new Map<string, GateDecision>();
  if (gate === undefined) return { given, gate, hasMore: false };
  let { keys } = asked;
  let types: ReadonlySet<number> = asked.types ?? gate.types ?? new Set();
  for (let round = 0; keys.size > 0 || (types.size > 0 && given.size < asked.most); round++) {
    if (round === MAX_ROUNDS) return { given, gate, hasMore: true };
    const found = await findHeads(ports, gate, { keys, types, most: asked.most - given.size });
    const rows = found.rows.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    const acquired = rows.length === 0 ? undefined : await acquireAll(ports, rows, { gate });
    gate = acquired?.gate ?? gate;
    const decisions = acquired?.decisions ?? new Map<WaitingRow, GateDecision>();
    const gone = await passOn(ports, asked, decisions);
    for (const [row, decision] of decisions) if (isGiven(decision)) given.set(placeOf(row), decision);
    const settled = await settleEntries(ports, gate, await ledAfter(ports, found.led, gone));
    gate = settled.gate;
    keys = settled.freed;
    types = typesToReadAgain(found, new Set([...gone, ...settled.removed]), settled.types);
  }
  return { given, gate, hasMore: false };
}

interface Found {
  readonly rows: readonly WaitingRow[];
  /** Classes with their first rows, each once for each entry that led to it. */
  readonly led: readonly Led[];
  /** The fronts of the lists of types that were read. */
  readonly lists: readonly {
    readonly type: number;
    readonly items: readonly (WaitingRow | Entry)[];
    readonly hasMore: boolean;
  }[];
}

/** The rows that could acquire a slot, as far as their lists say. */
async function findHeads(
  ports: LookPorts,
  gate: Gate,
  { keys, types, most }: { keys: ReadonlySet<number>; types: ReadonlySet<number>; most: number },
): Promise<Found> {
  const { waiting, defaultCap } = ports;
  const { tenantId } = gate;
  const room = roomAt(gate, defaultCap);
  const limit = Math.min(MAX_PAGE, room.free, Math.max(1, most));
  const open = limit === 0 ? [] : [...types].filter(room.ofType);
  const [held, lists] = await together([
    together([...keys].filter(room.ofKey).map((key) => waiting.held(tenantId, key))),
    together(open.map(async (type) => ({ type, ...(await waiting.ready(tenantId, type, limit)) }))),
  ]);
  for (const { unreadable } of lists)
    for (const error of unreadable) ports.log.error('waiting:read:failed', { tenantId, error });
  const items = lists.flatMap((list) => list.items);
  const entries = [...held.flat(), ...items.filter((item): item is Entry => 'of' in item)];
  const heads = new Map<string, Promise<WaitingRow | undefined>>();
  const led = await together(
    entries.map(async (entry) => {
      const name = className(entry.of);
      const head = heads.get(name) ?? waiting.head(entry.of);
      heads.set(name, head);
      return { of: entry.of, entry, head: await head };
    }),
  );
  const canEnter = led.filter(({ of }) => room.free > 0 && room.ofType(of.typeTag) && room.ofKey(of.keyTag));
  const rows = new Map(
    [
      ...items.filter((item): item is WaitingRow => 'jobId' in item),
      ...canEnter.flatMap(({ head }) => head ?? []),
    ].map((row) => [placeOf(row), row] as const),
  );
  return { rows: [...rows.values()], led, lists };
}

/**
 * Sends the messages of the attempts that have acquired a slot, and only then removes their rows: a crash in between leaves
 * both, and the message finds what it needs.
 *
 * A row that has a slot already was let in by another process, which sends its message. If that process died, reconcile of
 * the gate sends it; to send it here, too, would make two or three messages for each job while many end at once.
 *
 * @returns the rows that are gone
 */
async function passOn(
  { submitQueue, waiting, log }: LookPorts,
  { own = [] }: Look,
  decisions: ReadonlyMap<WaitingRow, GateDecision>,
): Promise<readonly WaitingRow[]> {
  const ownPlaces = new Set(own.map(placeOf));
  const given = [...decisions].flatMap(([row, decision]) => (isGiven(decision) ? [row] : []));
  const others = given.filter((row) => !ownPlaces.has(placeOf(row)));
  if (others.length > 0) await submitQueue.send(others.map((row) => asking(row, row.attempt)));
  const gone = [...decisions].flatMap(([row, { kind }]) => (kind === 'waits' ? [] : [row]));
  if (gone.length > 0) await waiting.remove(gone);
  for (const { tenantId, jobId, attempt } of others) log.info('slot:wake:done', { tenantId, jobId, attempt });
  return gone;
}

const isGiven = ({ kind }: GateDecision): boolean => kind === 'acquires' || kind === 'uncapped';

/** The classes as they are now that some of their first rows are gone. */
async function ledAfter(
  { waiting }: LookPorts,
  led: readonly Led[],
  gone: readonly WaitingRow[],
): Promise<readonly Led[]> {
  const changed = new Set(gone.flatMap((row) => classOf(row) ?? []).map(className));
  const heads = new Map<string, Promise<WaitingRow | undefined>>();
  return together(
    led.map(async (one) => {
      const name = className(one.of);
      if (!changed.has(name)) return one;
      const head = heads.get(name) ?? waiting.head(one.of);
      heads.set(name, head);
      return { ...one, head: await head };
    }),
  );
}

/**
 * A list is read again if something in front of it is gone and there may be more behind. What stops the rest is the gate,
 * which only this look has filled; a holder that leaves meanwhile is followed by a look of its own.
 */
function typesToReadAgain(
  { lists }: Found,
  gone: ReadonlySet<Entry | WaitingRow>,
  posted: ReadonlySet<number>,
): ReadonlySet<number> {
  const moved = lists.filter(({ items, hasMore }) => hasMore && items.some((item) => gone.has(item)));
  return new Set([...posted, ...moved.map(({ type }) => type)]);
}
