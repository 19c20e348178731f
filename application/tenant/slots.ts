/**
 * Slots: acquiring one at a tenant's gate, waiting for one, releasing it, and waking the waiting list.
 *
 * No wake-up is lost, because each side writes before it reads. A waiting attempt inserts its row, then tries the
 * gate again. A release removes the holder, then reads the list consistently. If the second try still saw the holder,
 * it came before the removal, so its row was there for the release to read.
 */
import { asking, wakeMessage } from '../../domain/batch/messages.ts';
import { Fault } from '../../domain/fault.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { decide, type Gate, type GateDecision, isFull, type Obstacle } from '../../domain/tenant/gate.ts';
import { holderName, holderOf, type Slotted } from '../../domain/tenant/holder.ts';
import { rowOf, type WaitingRow } from '../../domain/tenant/waiting.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Batched } from '../../io/table/batching.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { WaitingStore } from '../../io/table/waiting.ts';
import { together } from '../apart.ts';

export interface SlotPorts {
  readonly gates: GateStore;
  readonly waiting: WaitingStore;
  readonly submitQueue: Queue;
  readonly clock: Clock;
  readonly log: Log;
  readonly batched: Batched;
  /** The cap of tenants without one of their own; 0 is none. */
  readonly defaultCap: number;
}

export type Slot =
  /** `hasSlot`: the attempt has a slot now, which must be released when the attempt is over. */
  | { readonly kind: 'given'; readonly hasSlot: boolean }
  /** It has a row in the waiting list. */
  | { readonly kind: 'waits'; readonly obstacle: Obstacle };

export interface Slots {
  /**
   * Acquires a slot for the attempt, or a place in the waiting list. Requests of one moment are one write for each
   * tenant.
   *
   * @param seen the tenant's gate as it was read with the job. An attempt acquires a slot only if the gate is
   * unchanged; a refused one is checked again
   */
  acquire(job: JobRecord, seen: Gate | undefined): Promise<Slot>;
  /** For attempts that are over: removes their waiting rows, releases their slots, and wakes the waiting list. */
  release(jobs: readonly JobRecord[]): Promise<void>;
  /**
   * Gives free slots to waiting attempts, and sends their submit messages.
   *
   * @param after only rows behind this place of the list
   */
  wake(tenantId: string, after?: string): Promise<void>;
}

/** This many lost writes in a row are a fault of ours; the message goes back to its queue. */
const MAX_TURNS = 40;
/** After this many pages a look at the list is continued by a wake message. */
const MAX_PAGES = 10;
const MAX_PAGE = 100;
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
          await ports.gates.release(tenantId, releasing.map(holderOf));
          await wake(ports, tenantId, { most: ENABLED_BY_ONE * releasing.length });
        }),
      );
    },

    wake: (tenantId, after) => wake(ports, tenantId, { after, most: Number.POSITIVE_INFINITY }),
  };
}

interface Taking {
  readonly job: JobRecord;
  readonly gate: Gate | undefined;
}

async function takeAll(ports: SlotPorts, asks: readonly Taking[]): Promise<Map<Taking, Slot>> {
  const jobs = asks.map(({ job }) => job);
  const first = await acquire(ports, jobs, { gate: asks[0]?.gate });
  const refused = jobs.filter((job) => first.get(job)?.kind === 'waits');
  const second = refused.length === 0 ? first : await waitAndTryAgain(ports, refused);
  return new Map(asks.map((ask) => [ask, slotOf(second.get(ask.job) ?? first.get(ask.job))]));
}

async function waitAndTryAgain(
  ports: SlotPorts,
  jobs: readonly JobRecord[],
): Promise<ReadonlyMap<JobRecord, GateDecision>> {
  await ports.waiting.put(jobs.map(rowOf));
  const entries = await acquire(ports, jobs);
  const given = jobs.filter((job) => entries.get(job)?.kind !== 'waits');
  await ports.waiting.remove(given.map(rowOf));
  return entries;
}

function slotOf(entry: GateDecision | undefined): Slot {
  if (entry === undefined) throw new Fault('Unanswered', 'No decision for a requested slot');
  return entry.kind === 'waits' ? entry : { kind: 'given', hasSlot: entry.kind !== 'uncapped' };
}

/**
 * Decides on the gate as it is and adds the holders; if the gate changed meanwhile, decides again.
 *
 * The client repeats a write whose answer was lost, and the repetition finds the gate changed by the first. An
 * attempt that this call tried to add and that then has a slot counts as added by this call.
 */
async function acquire<Job extends Slotted & Pick<JobRecord, 'tenantId'>>(
  ports: Pick<SlotPorts, 'gates' | 'clock' | 'defaultCap'>,
  jobs: readonly Job[],
  seen?: { readonly gate: Gate | undefined },
): Promise<Map<Job, GateDecision>> {
  const [{ tenantId } = { tenantId: '' }] = jobs;
  let known = seen;
  const tried = new Set<string>();
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    const { gate } = known ?? { gate: (await ports.gates.load([tenantId])).get(tenantId) };
    known = undefined;
    const entries = decide(gate, ports.defaultCap, jobs);
    const acquiring = entries.flatMap((entry) => (entry.kind === 'acquires' ? [entry.holder] : []));
    const done =
      acquiring.length === 0 ||
      (await ports.gates.acquire(tenantId, gate, acquiring, ports.clock.nowMs())) === 'written';
    if (done) return new Map(jobs.map((job, i) => [job, acquiredBy(tried, job, entries[i])]));
    for (const holder of acquiring) tried.add(holderName(holder));
  }
  throw new Fault(
    'GateContended',
    `The gate changed ${MAX_TURNS} times while a slot was being acquired`,
    tenantId,
  );
}

function acquiredBy(
  tried: ReadonlySet<string>,
  job: Slotted,
  entry: GateDecision = { kind: 'uncapped' },
): GateDecision {
  const holder = holderOf(job);
  return entry.kind === 'holds' && tried.has(holderName(holder)) ? { kind: 'acquires', holder } : entry;
}

interface Look {
  readonly after?: string | undefined;
  /** No more slots can have become free; if a lost wake-up left some, reconcile finds them. */
  readonly most: number;
}

async function wake(ports: SlotPorts, tenantId: string, look: Look): Promise<void> {
  let { after, most } = look;
  for (let page = 0; page < MAX_PAGES && most > 0; page++) {
    const gate = (await ports.gates.load([tenantId])).get(tenantId);
    if (gate === undefined || isFull(gate, ports.defaultCap)) return;
    const size = pageSize(gate, ports.defaultCap);
    const { rows, unreadable, next } = await ports.waiting.page(tenantId, size, after);
    for (const error of unreadable) ports.log.error('waiting:read:failed', { tenantId, error });
    most -= await giveSlots(ports, rows);
    if (next === undefined) return;
    after = next;
  }
  if (most > 0) await ports.submitQueue.send([wakeMessage(tenantId, after)]);
}

/** With a cap on the tenant alone, the first rows are the ones that acquire slots. */
function pageSize({ cap, typeCaps, holders }: Gate, defaultCap: number): number {
  const bound = cap ?? defaultCap;
  if (bound === 0 || typeCaps !== undefined) return MAX_PAGE;
  return Math.min(MAX_PAGE, Math.max(1, bound - holders.length) + 5);
}

/**
 * The message is sent before the row is removed: a crash in between leaves both, and the message finds what it needs.
 *
 * A row that has a slot already was let in by another process, which sends its message. If that process died,
 * reconcile of the gate sends it; to send it here, too, would make two or three messages for each job while many end
 * at once.
 */
async function giveSlots(ports: SlotPorts, rows: readonly WaitingRow[]): Promise<number> {
  if (rows.length === 0) return 0;
  const entries = await acquire(ports, rows);
  const rowsOf = (...kinds: GateDecision['kind'][]) =>
    rows.filter((row) => kinds.some((kind) => kind === entries.get(row)?.kind));
  const given = rowsOf('acquires', 'uncapped');
  await ports.submitQueue.send(given.map((row) => asking(row, row.attempt)));
  await ports.waiting.remove([...given, ...rowsOf('holds')]);
  for (const { tenantId, jobId, attempt } of given)
    ports.log.info('slot:wake:done', { tenantId, jobId, attempt });
  return given.length;
}
