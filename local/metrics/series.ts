/** The numbers of metrics, by the minute, for a day. */
import type { Measurement, MetricId } from './emf.ts';

export interface Statistics {
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
}

export interface Series {
  add(measurement: Measurement): void;
  /** Of the minutes that begin in this time; undefined when there is no number. */
  between(metric: MetricId, fromMs: number, untilMs: number): Statistics | undefined;
  /** Every metric that has a number since then. */
  since(fromMs: number): (MetricId & Statistics)[];
}

export const MINUTE_MS = 60_000;
const KEPT_MS = 24 * 60 * MINUTE_MS;

interface Kept {
  readonly metric: MetricId;
  readonly minutes: Map<number, Statistics>;
}

export function createSeries(): Series {
  const all = new Map<string, Kept>();
  const between = ({ minutes }: Kept, fromMs: number, untilMs: number): Statistics | undefined => {
    const some = [...minutes].filter(([atMs]) => atMs >= fromMs && atMs < untilMs);
    return some.map(([, each]) => each).reduce<Statistics | undefined>(merged, undefined);
  };
  return {
    add({ values, atMs, ...metric }) {
      const key = keyOf(metric);
      const kept = all.get(key) ?? { metric, minutes: new Map<number, Statistics>() };
      all.set(key, kept);
      const { minutes } = kept;
      const minute = Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
      const added = statisticsOf(values);
      if (added === undefined) return;
      minutes.set(minute, merged(minutes.get(minute), added));
      for (const old of minutes.keys()) {
        if (old >= minute - KEPT_MS) break;
        minutes.delete(old);
      }
    },
    between(metric, fromMs, untilMs) {
      const kept = all.get(keyOf(metric));
      return kept && between(kept, fromMs, untilMs);
    },
    since(fromMs) {
      return [...all.values()].flatMap((kept) => {
        const statistics = between(kept, fromMs, Number.POSITIVE_INFINITY);
        return statistics === undefined ? [] : [{ ...kept.metric, ...statistics }];
      });
    },
  };
}

function keyOf({ namespace, name, dimensions }: MetricId): string {
  return JSON.stringify([
    namespace,
    name,
    ...Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}

function statisticsOf(values: readonly number[]): Statistics | undefined {
  if (values.length === 0) return undefined;
  const sum = values.reduce((total, value) => total + value, 0);
  return { count: values.length, sum, min: Math.min(...values), max: Math.max(...values) };
}

function merged(one: Statistics | undefined, other: Statistics): Statistics {
  if (one === undefined) return other;
  return {
    count: one.count + other.count,
    sum: one.sum + other.sum,
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
  };
}
