/** How much a stack does now: attempts that ended, by the minute of the last hour and of this day, and how the rate limit of AWS Batch is used. */
import * as z from 'zod';
import type { Receipt } from './receipt.ts';
import { minuteOf } from './sheet.ts';

const MINUTE_MS = 60_000;
const MINUTES = 60;
const DAY_MS = 86_400_000;

export const ActivityView = z.object({
  /** Of the last hour, the oldest first; the last one is not over. Attempts that cost nothing are not counted. */
  minutes: z.array(z.object({ at: z.iso.datetime(), attempts: z.int() })),
  /** Since midnight of UTC. */
  today: z.object({
    since: z.iso.datetime(),
    attempts: z.int(),
    /** Of which the attempts were. */
    jobs: z.int(),
    billedSeconds: z.number(),
    /** An estimate by list prices. */
    usd: z.number(),
    /** Whether there are more than were counted. */
    more: z.boolean(),
  }),
  /** The calls of AWS Batch that all functions share. */
  pace: z.object({
    perSecond: z.int(),
    /** For so many seconds from now on all calls are taken; 0 while there are more than are asked for. */
    takenSeconds: z.number(),
  }),
});
export type ActivityView = z.infer<typeof ActivityView>;

/** The times of a look: the minutes of the last hour, and this day as far as it lies before them. */
export interface Span {
  readonly hourMs: number;
  readonly dayMs: number;
  readonly nowMs: number;
}

export function spanAt(nowMs: number): Span {
  return {
    hourMs: minuteOf(nowMs) - (MINUTES - 1) * MINUTE_MS,
    dayMs: nowMs - (nowMs % DAY_MS),
    nowMs,
  };
}

/** Adds up receipts as they are read. */
export class Activity {
  readonly #span: Span;
  readonly #minutes: number[] = Array.from({ length: MINUTES }, () => 0);
  readonly #jobs = new Set<string>();
  #attempts = 0;
  #billedSeconds = 0;
  #usdMicro = 0;

  constructor(span: Span) {
    this.#span = span;
  }

  add({ jobId, endedAt, billedSeconds, usdMicro }: Receipt): void {
    const minute = Math.floor((endedAt - this.#span.hourMs) / MINUTE_MS);
    // Clocks differ: what ended a moment from now belongs to the last minute.
    const place = Math.min(minute, MINUTES - 1);
    if (place >= 0) this.#minutes[place] = (this.#minutes[place] ?? 0) + 1;
    // After midnight the last hour has a part of the day before.
    if (endedAt < this.#span.dayMs) return;
    this.#jobs.add(jobId);
    this.#attempts += 1;
    this.#billedSeconds += billedSeconds;
    this.#usdMicro += usdMicro;
  }

  view(more: boolean, pace: { readonly perSecond: number; readonly freeAtMs: number }): ActivityView {
    const { hourMs, dayMs, nowMs } = this.#span;
    return {
      minutes: this.#minutes.map((attempts, i) => ({
        at: new Date(hourMs + i * MINUTE_MS).toISOString(),
        attempts,
      })),
      today: {
        since: new Date(dayMs).toISOString(),
        attempts: this.#attempts,
        jobs: this.#jobs.size,
        billedSeconds: this.#billedSeconds,
        usd: this.#usdMicro / 1_000_000,
        more,
      },
      pace: {
        perSecond: pace.perSecond,
        takenSeconds: Math.max(0, pace.freeAtMs - nowMs) / 1000,
      },
    };
  }
}
