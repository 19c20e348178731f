/** An event source mapping: it polls one queue and calls one function. */
import { setTimeout as pause } from 'node:timers/promises';
import type { InvokeResult } from './function.ts';
import { openQueue, type QueueCalls } from './queue.ts';
import { judge, type Message, sqsEvent } from './sqs-event.ts';

export interface QueueMapping {
  readonly functionName: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly batchSize: number;
  readonly windowSeconds: number;
  readonly reportBatchItemFailures: boolean;
  readonly maximumConcurrency: number;
}

export interface Poller {
  start(): void;
  /** Stops receiving; resolves at once, while calls may still run. */
  stop(): Promise<void>;
  /** Resolves when no received message is being worked on. */
  drained(): Promise<unknown>;
}

export interface PollerOptions {
  readonly queues: QueueCalls;
  readonly region: string;
  run(payload: object): Promise<InvokeResult>;
  report(line: string): void;
}

const FIRST_BACKOFF_MS = 200;
const LONGEST_BACKOFF_MS = 5000;

export function createPoller(mapping: QueueMapping, options: PollerOptions): Poller {
  const { queueUrl, functionName } = mapping;
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve));
  const queue = openQueue(options.queues, mapping, signal);
  const working = new Set<Promise<void>>();
  let polling = Promise.resolve();

  async function work(batch: readonly Message[]): Promise<void> {
    const result = await options.run(sqsEvent(batch, mapping.queueArn, options.region));
    const { done, problem } = judge(batch, result, mapping.reportBatchItemFailures);
    if (problem)
      options.report(`Function ${functionName} failed a whole batch of ${batch.length}: ${problem}.`);
    await queue.remove(done).catch((error) => {
      options.report(
        `Messages that function ${functionName} finished may come again from ${queueUrl}: ${error}.`,
      );
    });
  }

  async function poll(): Promise<void> {
    let faults = 0;
    while (!signal.aborted) {
      try {
        const batch = await queue.gather();
        faults = 0;
        // Messages that arrive while stopping are ignored: they return when their visibility timeout ends.
        if (batch.length === 0 || signal.aborted) continue;
        const job = work(batch).finally(() => working.delete(job));
        working.add(job);
      } catch (error) {
        if (signal.aborted) return;
        faults += 1;
        if (faults === 1) {
          options.report(`Function ${functionName} cannot poll ${queueUrl}, and keeps trying: ${error}.`);
        }
        const backoffMs = Math.min(FIRST_BACKOFF_MS * 2 ** (faults - 1), LONGEST_BACKOFF_MS);
        await pause(backoffMs, undefined, { signal }).catch(() => undefined);
      }
      if (working.size >= mapping.maximumConcurrency) await Promise.race([...working, stopped]);
    }
  }

  return {
    start() {
      polling = poll();
    },
    async stop() {
      stopping.abort();
      await polling;
    },
    drained: () => Promise.all(working),
  };
}
