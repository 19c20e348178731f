/**
 * Events of changes of jobs. They wait here from the commit of the change until `emit` has resolved, so each is
 * delivered at least once, and those of one job in their order.
 */
import type { AwsEvent } from '../../aws.ts';
import type { BatchFaults, BatchOptions } from '../options.ts';
import type { Store } from '../store.ts';
import { createLanes } from './lanes.ts';

const HAND_OVER_LIMIT_MS = 30_000;

export interface OutboxParts extends Pick<BatchOptions, 'clock' | 'emit' | 'report'> {
  readonly store: Store;
  readonly faults: BatchFaults;
}

export function createOutbox({ store, clock, faults, report, emit }: OutboxParts) {
  const lanes = createLanes({
    work: handOver,
    onFailure: (name, error) => report(`batch: event not handed over, trying again (job ${name}): ${error}`),
  });
  /** By the number of the event: when it becomes due, in epoch milliseconds. */
  const delayed = new Map<number, number>();
  /** Handed over, and removed in one write with others: a commit for each costs as much as the rest of its way. */
  let done: number[] = [];
  let removing: NodeJS.Immediate | undefined;
  let started = false;
  /** The store may be closed by its owner. */
  let released = false;

  async function handOver(seq: number): Promise<void> {
    const row = store.statement('SELECT due_at, event FROM batch_outbox WHERE seq = ?').get(seq);
    if (!row) return;
    // Written by append() from an AwsEvent, and by nothing else.
    const event = JSON.parse(String(row['event'])) as AwsEvent;
    // An event is delayed by a fault at most once, or it might never arrive.
    const fault = row['due_at'] === null ? faults.event?.(event) : undefined;
    if (typeof fault === 'object') {
      delayUntil(seq, clock.now() + fault.delaySeconds * 1000);
      return;
    }
    if (fault !== 'drop') await inTime(emit(event));
    if (fault === 'duplicate') await inTime(emit(event));
    done.push(seq);
    if (!released) removing ??= setImmediate(removeDone);
  }

  /** An end of the process before this makes the next run send them again, which at least once allows. */
  function removeDone(): void {
    removing = undefined;
    const seqs = done;
    done = [];
    store.write(() => {
      for (const seq of seqs) store.statement('DELETE FROM batch_outbox WHERE seq = ?').run(seq);
    });
  }

  function delayUntil(seq: number, dueAtMs: number): void {
    store.statement('UPDATE batch_outbox SET due_at = ? WHERE seq = ?').run(dueAtMs, seq);
    delayed.set(seq, dueAtMs);
  }

  return {
    /** Call inside the write of the change. */
    append(jobId: string, event: AwsEvent): void {
      const insert = store.statement('INSERT INTO batch_outbox (job, event) VALUES (?, ?)');
      const seq = Number(insert.run(jobId, JSON.stringify(event)).lastInsertRowid);
      store.afterCommit(() => {
        if (started) lanes.add(jobId, seq);
      });
    },
    /** Takes up what an earlier run left. */
    start(): void {
      started = true;
      for (const row of store.statement('SELECT seq, job, due_at FROM batch_outbox ORDER BY seq').all()) {
        if (row['due_at'] === null) lanes.add(String(row['job']), Number(row['seq']));
        else delayed.set(Number(row['seq']), Number(row['due_at']));
      }
    },
    /** Sends the events that a fault delayed and that are due by the clock. */
    tick(): void {
      const nowMs = clock.now();
      for (const [seq, dueAtMs] of delayed) {
        if (dueAtMs > nowMs) continue;
        delayed.delete(seq);
        lanes.add(`delayed ${seq}`, seq);
      }
    },
    undelivered: () =>
      Number(store.statement('SELECT count(*) AS n FROM batch_outbox').get()?.['n']) - done.length,
    /** An event under way may still arrive and be removed; otherwise the next run sends it again. */
    async close(): Promise<void> {
      await lanes.close();
      clearImmediate(removing);
      removeDone();
      released = true;
    },
  };
}

function inTime(work: Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const tooLate = () => reject(new Error(`no answer in ${HAND_OVER_LIMIT_MS / 1000} s`));
  const timer = setTimeout(tooLate, HAND_OVER_LIMIT_MS).unref();
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
