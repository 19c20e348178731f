/**
 * Makes a queue of fauxqs a fair one: fauxqs 2.4.1 keeps visible messages in an array and those in flight in a map,
 * which these two replace. Its own receive, timers, dead letters and disk are unchanged.
 */
import type { SqsQueue } from '../../../node_modules/fauxqs/dist/sqs/sqsStore.js';
import type { InflightEntry, SqsMessage } from '../../../node_modules/fauxqs/dist/sqs/sqsTypes.js';
import { Groups } from './groups.ts';

/** For a standard queue; in a FIFO queue groups have another meaning. */
export function makeFair(queue: SqsQueue): void {
  const groups = new Groups<SqsMessage>(() => Date.now());
  const waiting = new Waiting(groups);
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

  constructor(groups: Groups<SqsMessage>) {
    this.#groups = groups;
  }

  get length(): number {
    return this.#groups.waiting;
  }

  push(message: SqsMessage): number {
    this.#groups.add(message);
    return this.length;
  }

  shift(): SqsMessage | undefined {
    return this.#groups.take();
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
