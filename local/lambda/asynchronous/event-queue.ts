/**
 * The queue in which Lambda keeps the events of asynchronous invocations: up to three tries by the cloud's clock, then
 * the event is given to the function's destination or dead-letter queue. Events are kept until they are settled, so one
 * whose try a stop of the cloud interrupted is tried once more at the next start.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../clock.ts';
import type { InvokeResult } from '../function.ts';
import type { Handling } from './invoke-config.ts';

/** One event that was accepted. */
export interface QueuedEvent {
  readonly requestId: string;
  readonly functionName: string;
  readonly tenantId?: string | undefined;
  readonly payload: unknown;
  readonly acceptedAtMs: number;
  /** Tries that have ended. */
  readonly tries: number;
}

/** Why there is no further try. */
export type Settlement =
  | { readonly condition: 'Success'; readonly result: InvokeResult }
  | { readonly condition: 'RetriesExhausted'; readonly result: InvokeResult }
  /** No try has ended in the time that the function allows, or none that succeeded. */
  | { readonly condition: 'EventAgeExceeded'; readonly result: InvokeResult | undefined };

export interface EventQueueOptions {
  readonly database: DatabaseSync;
  readonly clock: Pick<Clock, 'now' | 'onAdvance'>;
  handlingOf(functionName: string): Handling;
  invoke(event: QueuedEvent): Promise<InvokeResult>;
  /** Hands the result on. The event is forgotten when it resolves. */
  settle(event: QueuedEvent, settlement: Settlement): Promise<void>;
  report(line: string): void;
}

export interface EventQueue {
  /** @returns the request id; the event is kept when it is given */
  accept(functionName: string, payload: unknown, tenantId?: string): string;
  /** Resumes the events of an earlier run. */
  start(): void;
  /** Begins no further try. */
  close(): void;
}

const PAUSES_MS = [60_000, 120_000];
const LOOK_EVERY_MS = 1000;

export function createEventQueue(options: EventQueueOptions): EventQueue {
  const { clock, report } = options;
  const rows = openRows(options.database);
  /** Of the events that are tried now. */
  const trying = new Set<string>();
  let open = true;
  let stop = (): void => undefined;

  async function attempt(event: QueuedEvent): Promise<void> {
    const { functionName } = event;
    const handling = options.handlingOf(functionName);
    if (clock.now() - event.acceptedAtMs > handling.maximumAgeMs)
      return finish(event, { condition: 'EventAgeExceeded', result: rows.lastResult(event) });
    const result = await options.invoke(event);
    // The sandbox may have been ended by the close: the function had no fair try.
    if (!open) return;
    const tried = { ...event, tries: event.tries + 1 };
    if (result.outcome === 'returned') return finish(tried, { condition: 'Success', result });
    const pauseMs = PAUSES_MS[event.tries];
    if (event.tries >= handling.retries || pauseMs === undefined)
      return finish(tried, { condition: 'RetriesExhausted', result });
    rows.postpone(tried, clock.now() + pauseMs, result);
    report(
      `Function ${functionName} failed on an event (${result.errorType}); it is tried again after ${pauseMs / 1000} s.`,
    );
  }

  async function finish(event: QueuedEvent, settlement: Settlement): Promise<void> {
    await options.settle(event, settlement);
    rows.remove(event);
  }

  const begin = (event: QueuedEvent): void => {
    if (!open || trying.has(event.requestId)) return;
    trying.add(event.requestId);
    attempt(event)
      .catch((error) => report(`An event for function ${event.functionName} is kept, not settled: ${error}`))
      .finally(() => trying.delete(event.requestId));
  };
  const look = (): void => {
    for (const event of rows.due(clock.now())) begin(event);
  };

  return {
    accept(functionName, payload, tenantId) {
      const acceptedAtMs = clock.now();
      const event = { requestId: randomUUID(), functionName, tenantId, payload, acceptedAtMs, tries: 0 };
      rows.insert(event);
      begin(event);
      return event.requestId;
    },
    start() {
      look();
      const timer = setInterval(look, LOOK_EVERY_MS);
      const stopListening = clock.onAdvance(look);
      stop = () => {
        clearInterval(timer);
        stopListening();
      };
    },
    close() {
      open = false;
      stop();
    },
  };
}

function openRows(database: DatabaseSync) {
  database.exec(
    `CREATE TABLE IF NOT EXISTS asynchronous_events (
       request_id TEXT PRIMARY KEY,
       function_name TEXT NOT NULL,
       tenant_id TEXT,
       payload TEXT NOT NULL,
       accepted_at_ms INTEGER NOT NULL,
       tries INTEGER NOT NULL,
       due_at_ms INTEGER NOT NULL,
       last_result TEXT
     );
     CREATE INDEX IF NOT EXISTS asynchronous_events_due ON asynchronous_events (due_at_ms)`,
  );
  const insert = database.prepare('INSERT INTO asynchronous_events VALUES (?, ?, ?, ?, ?, 0, ?, NULL)');
  const due = database.prepare('SELECT * FROM asynchronous_events WHERE due_at_ms <= ? ORDER BY due_at_ms');
  const postpone = database.prepare(
    'UPDATE asynchronous_events SET tries = ?, due_at_ms = ?, last_result = ? WHERE request_id = ?',
  );
  const last = database.prepare('SELECT last_result FROM asynchronous_events WHERE request_id = ?');
  const remove = database.prepare('DELETE FROM asynchronous_events WHERE request_id = ?');
  return {
    insert({ requestId, functionName, tenantId, payload, acceptedAtMs }: QueuedEvent) {
      insert.run(
        requestId,
        functionName,
        tenantId ?? null,
        JSON.stringify(payload),
        acceptedAtMs,
        acceptedAtMs,
      );
    },
    due: (nowMs: number): QueuedEvent[] =>
      due.all(nowMs).map((row) => ({
        requestId: String(row['request_id']),
        functionName: String(row['function_name']),
        ...(row['tenant_id'] !== null && { tenantId: String(row['tenant_id']) }),
        payload: JSON.parse(String(row['payload'])),
        acceptedAtMs: Number(row['accepted_at_ms']),
        tries: Number(row['tries']),
      })),
    postpone({ requestId, tries }: QueuedEvent, dueAtMs: number, result: InvokeResult) {
      postpone.run(tries, dueAtMs, JSON.stringify(result), requestId);
    },
    lastResult({ requestId }: QueuedEvent): InvokeResult | undefined {
      const text = last.get(requestId)?.['last_result'];
      return typeof text === 'string' ? JSON.parse(text) : undefined; // as `postpone` wrote it
    },
    remove({ requestId }: QueuedEvent) {
      remove.run(requestId);
    },
  };
}
