/**
 * CloudWatch as far as alarms need it: the metrics that functions print, the errors of Lambda, the lengths of queues, and the alarms
 * of the template over them. Nothing outlives the process, and no topic is told: a request gets the states of now.
 */
import { type Alarm, type AlarmProperties, type AlarmState, readAlarm } from './alarm.ts';
import { type Measurement, type MetricId, measurementsIn } from './emf.ts';
import { createSeries, MINUTE_MS, type Statistics } from './series.ts';

export interface AlarmView extends AlarmState {
  readonly name: string;
  readonly description: string;
  /** Whether it has been in alarm at a minute since the moment that was asked about. */
  readonly rang: boolean;
}

export interface Metrics {
  /** A line that a function printed. */
  printed(line: string): void;
  /** An invocation of a function came to its end. */
  invoked(functionName: string, failed: boolean): void;
  /** @throws Error with a sentence for an alarm that is not known here */
  declare(alarm: AlarmProperties): void;
  alarms(sinceMs: number): AlarmView[];
  numbers(sinceMs: number): (MetricId & Statistics)[];
}

/** More are not looked at for an alarm: its reader is there. */
const MOST_MINUTES = 24 * 60;

/** @param measured looks at what no process tells by itself, when its numbers are read */
export function createMetrics(nowMs: () => number, measured: () => readonly Measurement[]): Metrics {
  const series = createSeries();
  const declared = new Map<string, Alarm>();
  const look = () => {
    for (const measurement of measured()) series.add(measurement);
  };
  return {
    printed(line) {
      for (const measurement of measurementsIn(line)) series.add(measurement);
    },
    invoked(FunctionName, failed) {
      const metric = { namespace: 'AWS/Lambda', dimensions: { FunctionName }, atMs: nowMs() };
      series.add({ ...metric, name: 'Invocations', values: [1] });
      series.add({ ...metric, name: 'Errors', values: [failed ? 1 : 0] });
    },
    declare(properties) {
      const alarm = readAlarm(properties);
      declared.set(alarm.name, alarm);
    },
    alarms(sinceMs) {
      look();
      // The minute that runs belongs to it, as far as it has come.
      const lastMs = (Math.floor(nowMs() / MINUTE_MS) + 1) * MINUTE_MS;
      const minutes = Math.min(MOST_MINUTES, Math.max(0, Math.ceil((lastMs - sinceMs) / MINUTE_MS)));
      const moments = Array.from({ length: minutes }, (_, i) => lastMs - i * MINUTE_MS);
      return [...declared.values()].map((alarm) => ({
        name: alarm.name,
        description: alarm.description,
        ...alarm.stateAt(series, lastMs),
        rang: moments.some((atMs) => alarm.stateAt(series, atMs).state === 'ALARM'),
      }));
    },
    numbers(sinceMs) {
      look();
      return series.since(sinceMs);
    },
  };
}
