/**
 * Makes a queue of fauxqs a fair one: fauxqs 2.4.1 keeps visible messages in an array and those in flight in a map,
 * which these two replace. Its own receive, timers, dead letters and disk are unchanged.
 */
import type { SqsQueue } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { InflightEntry, SqsMessage } from '../../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { Groups } from './groups.ts';

/**
 * For a standard queue; in a FIFO queue groups have another meaning.
 * @param random of `[0, 1)`
 */
export function makeFair(queue: SqsQueue, random: () => number): void {
  const groups = new Groups<SqsMessage>(() => Date.now(), random);
  const waiting = new Waiting(groups, queue);
  Object.defineProperty(queue, 'messages', {
    get: () => waiting,
    // Only a purge sets it.
    set: (messages: readonly SqsMessage[]) => waiting.replaceBy(messages),
  });
  queue.inflightMessages = new InFlight(groups);
}

/** As much of an array as fauxqs and move-tasks.ts use. */
class Waiting implements Iterable<SqsMessage> {
  readonly #groups: Groups<SqsMessage>;
  readonly #queue: SqsQueue;

  constructor(groups: Groups<SqsMessage>, queue: SqsQueue) {
    this.#groups = groups;
    this.#queue = queue;
  }

  get length(): number {
    return this.#groups.waiting;
  }

  push(message: SqsMessage): number {
    this.#groups.add(message);
    return this.length;
  }

  /** Those whose retention period is over are dropped on the way, which fauxqs does not do. */
  shift(): SqsMessage | undefined {
    const oldestMs = Date.now() - Number(this.#queue.getAttribute('MessageRetentionPeriod')) * 1000;
    for (;;) {
      const message = this.#groups.take();
      if (message === undefined || message.sentTimestamp >= oldestMs) return message;
      this.#queue.persistence?.deleteMessage(message.messageId);
    }
  }

  unshift(message: SqsMessage): number {
    this.#groups.putBack(message);
    return this.length;
  }

  replaceBy(messages: readonly SqsMessage[]): void {
    while (this.shift() !== undefined);
    for (const message of messages) this.push(message);
  }

  [Symbol.iterator](): Iterator<SqsMessage> {
    return this.#groups[Symbol.iterator]();
  }
}

/** By receipt handle. */
class InFlight extends Map<string, InflightEntry> {
  readonly #groups: Groups<SqsMessage>;
  readonly #startedAtMs = new Map<string, number>();

  constructor(groups: Groups<SqsMessage>) {
    super();
    this.#groups = groups;
  }

  override set(handle: string, entry: InflightEntry): this {
    this.#startedAtMs.set(handle, this.#groups.started(entry.message));
    return super.set(handle, entry);
  }

  override delete(handle: string): boolean {
    const entry = this.get(handle);
    const startedAtMs = this.#startedAtMs.get(handle);
    if (entry !== undefined && startedAtMs !== undefined) this.#groups.ended(entry.message, startedAtMs);
    this.#startedAtMs.delete(handle);
    return super.delete(handle);
  }

  override clear(): void {
    for (const handle of this.keys()) this.delete(handle);
  }
}
