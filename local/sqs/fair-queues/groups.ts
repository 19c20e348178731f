/**
 * The order in which a standard queue serves its messages: roughly that of their arrival, as SQS promises no more. A
 * message group that occupies many consumers is noisy, and the messages of quiet groups come before its own.
 *
 * The rules and figures are those of "How Amazon SQS fair queues work". AWS, being distributed, calls them
 * approximate; here they are exact.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
 */
import { Line } from './line.ts';
import { ProcessingTime } from './processing-time.ts';
import { type Ranked, Ranking } from './ranking.ts';

const NOISY_SHARE = 0.1;
const NOISY_IN_FLIGHT = 30;
/** AWS names no minimum time; a share of less than this is random. */
const MEASURABLE_MS = 1000;
const BATCH_SILENCE_MS = 300_000;
/** How many later messages may overtake one, so that no program comes to count on an order. */
const OVERTAKING = 10;
/** Silence is counted in minutes, so it need not be checked at each message. */
const SILENCE_CHECK_MS = 1000;

/** The state on which the order depends. */
export interface Grouped {
  /** Absent: a group of its own, which one message cannot make noisy. */
  readonly messageGroupId?: string | undefined;
  readonly sentTimestamp: number;
}

interface Group<Message> extends Ranked {
  readonly id: string | undefined;
  readonly waiting: Line<{ readonly arrival: number; readonly message: Message }>;
  noisy: boolean;
  inFlight: number;
  /**
   * The sum of the receive times of the messages in flight: with their number it gives the time that they have taken.
   */
  startedSumMs: number;
  lastSentAtMs: number;
  /** The number of the latest serving. */
  served: number;
}

/** The visible messages of one queue by group, and how many of each group are in flight. */
export class Groups<Message extends Grouped> {
  readonly #now: () => number;
  /** Times in flight count from here: sums of epoch milliseconds would outgrow the integers that are exact. */
  readonly #originMs: number;
  readonly #groups = new Map<string | undefined, Group<Message>>();
  readonly #ranking = new Ranking<Group<Message>>(comesBefore);
  readonly #noisy = new Set<Group<Message>>();
  readonly #processing: ProcessingTime;
  #waiting = 0;
  #inFlight = 0;
  #startedSumMs = 0;
  #arrivals = 0;
  #returns = 0;
  #servings = 0;
  #silenceCheckedAtMs = 0;

  readonly #random: () => number;

  /**
   * @param now epoch milliseconds
   * @param random of `[0, 1)`; a constant keeps the order of arrival
   */
  constructor(now: () => number, random: () => number = () => 0) {
    this.#now = now;
    this.#random = random;
    this.#originMs = now();
    this.#processing = new ProcessingTime(this.#originMs);
  }

  get waiting(): number {
    return this.#waiting;
  }

  add(message: Message): void {
    const group = this.#group(message.messageGroupId);
    this.#arrivals += 1;
    const entry = { arrival: this.#arrivals + this.#random() * OVERTAKING, message };
    group.waiting.insert(entry, (earlier) => earlier.arrival > entry.arrival);
    group.lastSentAtMs = Math.max(group.lastSentAtMs, message.sentTimestamp);
    this.#waiting += 1;
    if (group.waiting.first() === entry) this.#ranking.settle(group);
  }

  /** Returned to the place from which `take` removed it. */
  putBack(message: Message): void {
    const group = this.#group(message.messageGroupId);
    this.#returns += 1;
    group.waiting.unshift({ arrival: -this.#returns, message });
    this.#waiting += 1;
    this.#ranking.settle(group);
  }

  take(): Message | undefined {
    const group = this.#next();
    const taken = group?.waiting.shift();
    if (group === undefined || taken === undefined) return undefined;
    this.#waiting -= 1;
    this.#servings += 1;
    group.served = this.#servings;
    if (group.waiting.length > 0) {
      this.#ranking.settle(group);
    } else {
      this.#ranking.remove(group);
      this.#quieten(group);
      this.#forgetIfIdle(group);
    }
    return taken.message;
  }

  /** By group, not in the order of `take`. */
  *[Symbol.iterator](): Generator<Message> {
    for (const { waiting } of this.#groups.values()) for (const { message } of waiting) yield message;
  }

  /**
   * A message that was taken is in flight from now on.
   * @returns the argument of `ended`
   */
  started({ messageGroupId }: Message): number {
    const startedAtMs = this.#now();
    this.#count(this.#group(messageGroupId), 1, startedAtMs - this.#originMs);
    return startedAtMs;
  }

  /** It was deleted or released, or its visibility ended. */
  ended({ messageGroupId }: Message, startedAtMs: number): void {
    const group = this.#group(messageGroupId);
    const nowMs = this.#now();
    this.#processing.add(messageGroupId, nowMs - startedAtMs, nowMs);
    this.#count(group, -1, this.#originMs - startedAtMs);
    this.#forgetIfIdle(group);
  }

  #count(group: Group<Message>, messages: 1 | -1, startedMs: number): void {
    group.inFlight += messages;
    group.startedSumMs += startedMs;
    this.#inFlight += messages;
    this.#startedSumMs += startedMs;
    if (group.noisy) this.#ranking.settle(group);
  }

  /** Noise matters when a group is about to be served, and is checked only then. */
  #next(): Group<Message> | undefined {
    const nowMs = this.#now();
    this.#quietenSilent(nowMs);
    for (;;) {
      const group = this.#ranking.first();
      if (group === undefined || group.noisy || !this.#makesNoise(group, nowMs)) return group;
      group.noisy = true;
      this.#noisy.add(group);
      this.#ranking.settle(group);
    }
  }

  #makesNoise({ id, inFlight, startedSumMs, lastSentAtMs }: Group<Message>, nowMs: number): boolean {
    if (id === undefined || nowMs - lastSentAtMs >= BATCH_SILENCE_MS) return false;
    if (inFlight >= NOISY_IN_FLIGHT && inFlight > this.#inFlight * NOISY_SHARE) return true;
    const { groupMs, allMs } = this.#processing.of(id, nowMs);
    const ageMs = nowMs - this.#originMs;
    const groupTimeMs = groupMs + inFlight * ageMs - startedSumMs;
    const allTimeMs = allMs + this.#inFlight * ageMs - this.#startedSumMs;
    return allTimeMs >= MEASURABLE_MS && groupTimeMs > allTimeMs * NOISY_SHARE;
  }

  #quietenSilent(nowMs: number): void {
    if (nowMs - this.#silenceCheckedAtMs < SILENCE_CHECK_MS) return;
    this.#silenceCheckedAtMs = nowMs;
    for (const group of this.#noisy) {
      if (nowMs - group.lastSentAtMs < BATCH_SILENCE_MS) continue;
      this.#quieten(group);
      this.#ranking.settle(group);
    }
  }

  #quieten(group: Group<Message>): void {
    group.noisy = false;
    this.#noisy.delete(group);
  }

  #group(id: string | undefined): Group<Message> {
    const known = this.#groups.get(id);
    if (known !== undefined) return known;
    const group: Group<Message> = {
      id,
      waiting: new Line(),
      noisy: false,
      inFlight: 0,
      startedSumMs: 0,
      lastSentAtMs: 0,
      served: 0,
      place: -1,
    };
    this.#groups.set(id, group);
    return group;
  }

  #forgetIfIdle({ id, waiting, inFlight }: Group<Message>): void {
    if (waiting.length === 0 && inFlight === 0) this.#groups.delete(id);
  }
}

/**
 * Quiet groups by the age of their first message. Of several noisy ones that with the fewest messages in flight;
 * otherwise, where AWS is silent, round robin.
 */
function comesBefore<Message>(left: Group<Message>, right: Group<Message>): boolean {
  if (left.noisy !== right.noisy) return right.noisy;
  if (left.noisy) {
    return left.inFlight === right.inFlight ? left.served < right.served : left.inFlight < right.inFlight;
  }
  return (left.waiting.first()?.arrival ?? 0) < (right.waiting.first()?.arrival ?? 0);
}
