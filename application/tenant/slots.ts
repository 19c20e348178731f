/**
 * Slots: acquiring one at a tenant's gate, waiting for one, releasing it, and waking the waiting lists.
 *
 * No wake-up is lost, because each side writes before it reads. A waiting attempt puts its row, and what leads to it,
 * then reads the gate again. A release removes the holder, then reads the lists consistently. If the second reading of the gate
 * still showed the holder, it came before the removal, so the row was there for the release to read.
 */
import { wakeMessage } from '../../domain/batch/messages.ts';
import { Fault } from '../../domain/fault.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { decide, type Gate, type GateDecision, type Obstacle, roomAt } from '../../domain/tenant/gate.ts';
import { type Holder, holderName, holderOf } from '../../domain/tenant/holder.ts';
import {
  className,
  classOf,
  type Entry,
  placeOf,
  rowOf,
  type WaitingRow,
} from '../../domain/tenant/waiting.ts';
import type { Batched } from '../../io/table/batching.ts';
import { together } from '../apart.ts';
import { acquireAll, loadGate } from './acquire.ts';
import { drainEarlier } from './earlier-list.ts';
import { type Led, settleEntries } from './entries.ts';
import { type Look, type Looked, type LookPorts, look } from './look.ts';

export interface SlotPorts extends LookPorts {
  readonly batched: Batched;
}

export type Slot =
  /** `hasSlot`: the attempt has a slot now, which must be released when the attempt is over. */
  | { readonly kind: 'given'; readonly hasSlot: boolean }
  /** It has a row in a waiting list. */
  | { readonly kind: 'waits'; readonly obstacle: Obstacle };

export interface Slots {
  /**
   * Acquires a slot for the attempt, or a place in a waiting list. Requests of one moment are one write for each
   * tenant.
   *
   * @param seen the tenant's gate as it was read with the job. An attempt acquires a slot only if the gate is
   * unchanged; a refused one is checked again
   */
  acquire(job: JobRecord, seen: Gate | undefined): Promise<Slot>;
  /** For attempts that are over: removes their waiting rows, releases their slots, and wakes the waiting lists. */
  release(jobs: readonly JobRecord[]): Promise<void>;
  /**
   * Gives free slots to waiting attempts, whatever has changed at the gate, and sends their submit messages.
   *
   * @param released holders that the caller has just removed
   */
  wake(tenantId: string, released?: readonly Holder[]): Promise<void>;
}

/** A release makes room under the cap of its type and of its key, for which two attempts may have waited. */
const ENABLED_BY_ONE = 2;

export function slots(ports: SlotPorts): Slots {
  const takeOne = ports.batched<Taking, Promise<Slot | undefined>>(async (asks) => {
    const perTenant = [...Map.groupBy(asks, ({ job }) => job.tenantId).values()];
    const taken = perTenant.map((some) => ({ some, slots: takeAll(ports, some) }));
    // A gate that cannot be read or written fails the requests of its own tenant.
    await Promise.allSettled(taken.map((one) => one.slots));
    return new Map(
      taken.flatMap((one) =>
        one.some.map((ask) => [ask, one.slots.then((slots) => slots.get(ask))] as const),
      ),
    );
  });
  return {
    async acquire(job, gate) {
      const slot = await takeOne({ job, gate });
      if (slot === undefined) throw new Fault('Unanswered', 'No answer for a requested slot', job.jobId);
      return slot;
    },

    async release(jobs) {
      const rows = jobs.filter(({ queued }) => queued === true).map(rowOf);
      if (rows.length > 0) await ports.waiting.remove(rows);
      const holders = jobs.filter(({ hasSlot }) => hasSlot === true);
      const perTenant = Map.groupBy(holders, ({ tenantId }) => tenantId);
      await together(
        [...perTenant].map(async ([tenantId, releasing]) => {
          const leaving = releasing.map(holderOf);
          await ports.gates.release(tenantId, leaving);
          const keys = new Set(keysOf(leaving));
          await lookAndGoOn(ports, tenantId, { keys, most: ENABLED_BY_ONE * releasing.length });
        }),
      );
    },

    async wake(tenantId, released = []) {
      const place = (rows: readonly WaitingRow[]) => putRows(ports, rows, undefined);
      const { hasMore } = await drainEarlier(ports, tenantId, place);
      const gate = await loadGate(ports.gates, tenantId);
      const keys = new Set(keysOf([...(gate?.holders ?? []), ...released]));
      for (const { of } of await someHeld(ports, tenantId)) keys.add(of.keyTag);
      await lookAndGoOn(ports, tenantId, { keys, most: Number.POSITIVE_INFINITY }, gate);
      if (hasMore) await ports.submitQueue.send([wakeMessage(tenantId)]);
    },
  };
}

const keysOf = (holders: readonly Holder[]): readonly number[] =>
  holders.flatMap(({ keyTag }) => keyTag ?? []);

/**
 * A full key has a holder, so the holders lead to each list that can have room. Except where a process has released the last
 * holder and died before its look, and no message brings that look again. A page from a random place finds such a list
 * sooner or later; where few keys have one, at once.
 */
async function someHeld({ waiting, random }: SlotPorts, tenantId: string): Promise<readonly Entry[]> {
  const from = Math.floor(random.fraction() * 2 ** 32);
  const behind = await waiting.heldFrom(tenantId, from, HELD_PAGE);
  return behind.length < HELD_PAGE ? waiting.heldFrom(tenantId, 0, HELD_PAGE) : behind;
}

const HELD_PAGE = 100;

async function lookAndGoOn(ports: SlotPorts, tenantId: string, asked: Look, seen?: Gate): Promise<Looked> {
  const looked = await look(ports, tenantId, asked, seen);
  if (looked.hasMore) await ports.submitQueue.send([wakeMessage(tenantId)]);
  return looked;
}

interface Taking {
  readonly job: JobRecord;
  readonly gate: Gate | undefined;
}

/**
 * A message may come twice in one batch, so an attempt is decided about once: decided twice, its second copy would be told that it holds the
 * slot that the first was only about to acquire, and would call AWS Batch without one.
 */
async function takeAll(ports: SlotPorts, asks: readonly Taking[]): Promise<Map<Taking, Slot>> {
  const perAttempt = [...Map.groupBy(asks, ({ job }) => holderName(job)).values()];
  const jobs = perAttempt.flatMap(([one]) => one?.job ?? []);
  const first = await acquireAll(ports, jobs, { gate: asks[0]?.gate });
  const refused = jobs.flatMap((job) => {
    const decision = first.decisions.get(job);
    return decision?.kind === 'waits' ? [{ job, row: rowOf(job), refusal: decision }] : [];
  });
  const second = refused.length === 0 ? new Map() : await waitAndTryAgain(ports, refused, first.gate);
  return new Map(
    perAttempt.flatMap((copies) => {
      const slots = copies.flatMap(({ job }) => second.get(job) ?? first.decisions.get(job) ?? []);
      return copies.map((ask) => [ask, slotOf(slots[0])] as const);
    }),
  );
}

function slotOf(decision: GateDecision | undefined): Slot {
  if (decision === undefined) throw new Fault('Unanswered', 'No decision for a requested slot');
  return decision.kind === 'waits' ? decision : { kind: 'given', hasSlot: decision.kind !== 'uncapped' };
}

interface Refused {
  readonly job: JobRecord;
  readonly row: WaitingRow;
  readonly refusal: GateDecision;
}

/** Puts the rows, reads the gate a second time, and looks at the lists if there is room now. */
async function waitAndTryAgain(
  ports: SlotPorts,
  refused: readonly Refused[],
  seen: Gate | undefined,
): Promise<ReadonlyMap<JobRecord, GateDecision>> {
  const rows = refused.map(({ row }) => row);
  const gate = await putRows(ports, rows, seen);
  const jobs = refused.map(({ job }) => job);
  const again = decide(gate, ports.defaultCap, jobs);
  const holders = jobs.filter((_, i) => again[i]?.kind !== 'waits').map(holderOf);
  const looked =
    gate === undefined || holders.length === 0
      ? undefined
      : await lookAndGoOn(
          ports,
          gate.tenantId,
          {
            keys: new Set(keysOf(holders)),
            types: new Set(holders.map(({ typeTag }) => typeTag)),
            most: Number.POSITIVE_INFINITY,
            own: rows,
          },
          gate,
        );
  const now = looked === undefined ? again : decide(looked.gate, ports.defaultCap, jobs);
  return new Map(
    refused.map(({ job, row, refusal }, i) => {
      const [given, decision] = [looked?.given.get(placeOf(row)), now[i]];
      // One that could acquire a slot now is left to the look that others make, or to the message that goes on with this one.
      const known = decision?.kind === 'waits' || decision?.kind === 'holds' ? decision : refusal;
      return [job, given ?? known];
    }),
  );
}

/**
 * The type is noted before the row is put: a row in a list that no look knows would wait for ever.
 *
 * @returns the gate as it was read when all rows, and what leads to them, were there
 */
async function putRows(
  ports: LookPorts,
  rows: readonly WaitingRow[],
  seen: Gate | undefined,
): Promise<Gate | undefined> {
  const [{ tenantId } = { tenantId: '' }] = rows;
  const unknown = rows.map((row) => holderOf(row).typeTag).filter((tag) => seen?.types?.has(tag) !== true);
  if (unknown.length > 0) await ports.gates.markTypes(tenantId, [...new Set(unknown)]);
  await ports.waiting.put(rows, ports.clock.nowMs());
  const gate = seen ?? (await loadGate(ports.gates, tenantId));
  const classes = new Map(
    rows.flatMap((row) => {
      const of = classOf(row);
      return of === undefined ? [] : [[className(of), { of, row }] as const];
    }),
  );
  if (gate !== undefined && classes.size > 0) {
    const room = roomAt(gate, ports.defaultCap);
    const led = await together(
      // An entry in the list of a key has no place, so that any row will do for one.
      [...classes.values()].map(
        async ({ of, row }): Promise<Led> => ({
          of,
          head: room.ofKey(of.keyTag) ? await ports.waiting.head(of) : row,
        }),
      ),
    );
    const settled = await settleEntries(ports, gate, led);
    if (settled.gate !== gate) return settled.gate;
  }
  return loadGate(ports.gates, tenantId);
}
