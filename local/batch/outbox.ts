import type { StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { AwsEvent } from '../aws.ts';
import type { BatchFaults, BatchOptions } from './batch.ts';
import { waitAtMost } from './bounded.ts';
import type { Store } from './store.ts';

const MAX_LANES_AT_WORK = 16;
const HAND_OVER_LIMIT_MS = 30_000;
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 5_000;
const CLOSE_LIMIT_MS = 2_000;

/** Events that must keep their order: those of one job, or a single delayed one. */
interface Lane {
  readonly name: string;
  readonly seqs: number[];
  failures: number;
}

/**
 * Events wait here from the commit of the change they tell of until `emit` has resolved, so each is handed
 * over at least once. Lanes are independent: a lane that fails waits off the floor and holds up no other.
 */
export class Outbox {
  readonly #options: BatchOptions;
  readonly #faults: BatchFaults;
  readonly #store: Store;
  readonly #lanes = new Map<string, Lane>();
  readonly #ready: Lane[] = [];
  readonly #atWork = new Set<Promise<void>>();
  readonly #delayed = new Map<number, number>();
  readonly #stopped = new AbortController();
  readonly #read: StatementSync;
  readonly #insert: StatementSync;
  readonly #delete: StatementSync;
  #started = false;
  /** The store may be closed by its owner. */
  #released = false;

  constructor(options: BatchOptions, store: Store, faults: BatchFaults) {
    this.#options = options;
    this.#store = store;
    this.#faults = faults;
    this.#read = store.db.prepare('SELECT due_at, event FROM batch_outbox WHERE seq = ?');
    this.#insert = store.db.prepare('INSERT INTO batch_outbox (job, event) VALUES (?, ?)');
    this.#delete = store.db.prepare('DELETE FROM batch_outbox WHERE seq = ?');
  }

  /** Call inside the write whose change the event tells of. */
  append(jobId: string, event: AwsEvent): void {
    const seq = Number(this.#insert.run(jobId, JSON.stringify(event)).lastInsertRowid);
    this.#store.afterCommit(() => {
      if (this.#started) this.#enqueue(jobId, seq);
    });
  }

  /** Takes up what an earlier run left. */
  start(): void {
    this.#started = true;
    const rows = this.#store.db.prepare('SELECT seq, job, due_at FROM batch_outbox ORDER BY seq').all();
    for (const row of rows) {
      if (row['due_at'] === null) this.#enqueue(String(row['job']), Number(row['seq']));
      else this.#delayed.set(Number(row['seq']), Number(row['due_at']));
    }
  }

  /** Sends on what was held back by a fault and has become due by the clock. */
  tick(): void {
    const nowMs = this.#options.clock.now();
    for (const [seq, dueAtMs] of this.#delayed) {
      if (dueAtMs > nowMs) continue;
      this.#delayed.delete(seq);
      this.#enqueue(`delayed ${seq}`, seq);
    }
  }

  undelivered(): number {
    return Number(this.#store.db.prepare('SELECT count(*) AS n FROM batch_outbox').get()?.['n']);
  }

  async close(): Promise<void> {
    this.#stopped.abort();
    // An event on its way may still arrive and be struck off; otherwise the next run sends it again.
    await waitAtMost(CLOSE_LIMIT_MS, Promise.all(this.#atWork));
    this.#released = true;
  }

  #enqueue(name: string, seq: number): void {
    const known = this.#lanes.get(name);
    if (known) {
      known.seqs.push(seq);
      return;
    }
    const lane = { name, seqs: [seq], failures: 0 };
    this.#lanes.set(name, lane);
    this.#ready.push(lane);
    this.#pump();
  }

  #pump(): void {
    while (this.#atWork.size < MAX_LANES_AT_WORK && !this.#stopped.signal.aborted) {
      const lane = this.#ready.shift();
      if (!lane) return;
      const work = this.#advance(lane).finally(() => {
        this.#atWork.delete(work);
        this.#pump();
      });
      this.#atWork.add(work);
    }
  }

  async #advance(lane: Lane): Promise<void> {
    const seq = lane.seqs[0];
    if (seq === undefined) return;
    try {
      await this.#handOver(seq);
    } catch (error) {
      this.#failed(lane, error);
      return;
    }
    lane.failures = 0;
    lane.seqs.shift();
    if (lane.seqs.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.name);
  }

  #failed(lane: Lane, error: unknown): void {
    if (this.#stopped.signal.aborted) return;
    if (lane.failures === 0) {
      this.#options.report(`batch: event not handed over, trying again (job ${lane.name}): ${error}`);
    }
    const waitMs = Math.min(FIRST_RETRY_MS * 2 ** lane.failures, MAX_RETRY_MS);
    lane.failures += 1;
    delay(waitMs, undefined, { signal: this.#stopped.signal }).then(
      () => {
        this.#ready.push(lane);
        this.#pump();
      },
      () => undefined,
    );
  }

  async #handOver(seq: number): Promise<void> {
    const row = this.#read.get(seq);
    if (!row) return;
    // Written by append() from an AwsEvent, and by nothing else.
    const event = JSON.parse(String(row['event'])) as AwsEvent;
    // What was delayed once is not offered to the fault again, or it might never arrive.
    const fault = row['due_at'] === null ? this.#faults.event?.(event) : undefined;
    if (typeof fault === 'object') {
      this.#delayUntil(seq, this.#options.clock.now() + fault.delaySeconds * 1000);
      return;
    }
    if (fault !== 'drop') await this.#emit(event);
    if (fault === 'duplicate') await this.#emit(event);
    if (!this.#released) this.#delete.run(seq);
  }

  async #emit(event: AwsEvent): Promise<void> {
    const answered = new AbortController();
    const limit = { signal: answered.signal, ref: false };
    const tooLate = delay(HAND_OVER_LIMIT_MS, undefined, limit).then(() => {
      throw new Error(`no answer in ${HAND_OVER_LIMIT_MS / 1000} s`);
    });
    try {
      await Promise.race([this.#options.emit(event), tooLate]);
    } finally {
      answered.abort();
    }
  }

  #delayUntil(seq: number, dueAtMs: number): void {
    this.#store.db.prepare('UPDATE batch_outbox SET due_at = ? WHERE seq = ?').run(dueAtMs, seq);
    this.#delayed.set(seq, dueAtMs);
  }
}
