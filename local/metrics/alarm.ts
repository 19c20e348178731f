/**
 * Alarms of a template, and the state of each at a moment.
 * @see Amazon CloudWatch user guide, "Alarm evaluation": the latest periods, of which so many must be breaching; and "Configuring how
 *   CloudWatch alarms treat missing data"
 */
import * as z from 'zod';
import type { MetricId } from './emf.ts';
import { readExpression } from './expression.ts';
import type { Series, Statistics } from './series.ts';

const Dimensions = z
  .array(z.object({ Name: z.string(), Value: z.string() }))
  .default([])
  .transform((all) => Object.fromEntries(all.map(({ Name, Value }) => [Name, Value])));
const Statistic = z.enum(['Sum', 'Maximum', 'Minimum', 'Average', 'SampleCount']);
const MetricStat = z.object({
  Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions }),
  Period: z.coerce.number().int().min(60),
  Stat: Statistic,
});
const Query = z.object({
  Id: z.string(),
  Expression: z.string().optional(),
  MetricStat: MetricStat.optional(),
  ReturnData: z.boolean().default(true),
});

export const AlarmProperties = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().default(''),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions,
  Statistic: Statistic.optional(),
  Period: z.coerce.number().int().min(60).optional(),
  Metrics: z.array(Query).default([]),
  EvaluationPeriods: z.coerce.number().int().positive(),
  DatapointsToAlarm: z.coerce.number().int().positive().optional(),
  ComparisonOperator: z.enum([
    'GreaterThanThreshold',
    'GreaterThanOrEqualToThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  Threshold: z.coerce.number(),
  TreatMissingData: z.enum(['breaching', 'notBreaching']),
});
export type AlarmProperties = z.infer<typeof AlarmProperties>;

export interface Alarm {
  readonly name: string;
  readonly description: string;
  /** How far back it looks. */
  readonly rangeMs: number;
  readonly stateAt: (series: Series, atMs: number) => AlarmState;
}

export interface AlarmState {
  readonly state: 'OK' | 'ALARM';
  /** Of the latest period; absent when it has none. */
  readonly value: number | undefined;
}

type Reader = (series: Series, fromMs: number, untilMs: number) => number | undefined;

/** @throws Error with a sentence for an alarm that is not known here */
export function readAlarm(properties: AlarmProperties): Alarm {
  const { EvaluationPeriods, DatapointsToAlarm = EvaluationPeriods, TreatMissingData } = properties;
  const { read, periodMs } = watched(properties);
  const isBreaching = (value: number | undefined) =>
    value === undefined
      ? TreatMissingData === 'breaching'
      : COMPARISONS[properties.ComparisonOperator](value, properties.Threshold);
  return {
    name: properties.AlarmName,
    description: properties.AlarmDescription,
    rangeMs: EvaluationPeriods * periodMs,
    stateAt(series, atMs) {
      const values = Array.from({ length: EvaluationPeriods }, (_, i) =>
        read(series, atMs - (i + 1) * periodMs, atMs - i * periodMs),
      );
      const breaching = values.filter(isBreaching).length;
      return { state: breaching >= DatapointsToAlarm ? 'ALARM' : 'OK', value: values[0] };
    },
  };
}

const COMPARISONS: Readonly<
  Record<AlarmProperties['ComparisonOperator'], (value: number, threshold: number) => boolean>
> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

function watched(alarm: AlarmProperties): { read: Reader; periodMs: number } {
  const { Namespace, MetricName, Dimensions: dimensions, Statistic: stat, Period } = alarm;
  if (Namespace !== undefined && MetricName !== undefined && stat !== undefined && Period !== undefined) {
    const metric = { namespace: Namespace, name: MetricName, dimensions };
    return { read: reader(metric, stat), periodMs: Period * 1000 };
  }
  const { Expression } = alarm.Metrics.find(({ ReturnData }) => ReturnData) ?? {};
  const stats = alarm.Metrics.flatMap(({ Id, MetricStat: each }) => (each ? [{ id: Id, ...each }] : []));
  const [periodSeconds, ...others] = new Set(stats.map((each) => each.Period));
  if (Expression === undefined || periodSeconds === undefined || others.length > 0)
    throw new Error('expected one metric, or one expression over metrics of one period');
  const evaluate = readExpression(Expression);
  const readers = stats.map(({ id, Metric, Stat }): [string, Reader] => {
    const metric = { namespace: Metric.Namespace, name: Metric.MetricName, dimensions: Metric.Dimensions };
    return [id, reader(metric, Stat)];
  });
  return {
    read: (series, fromMs, untilMs) =>
      evaluate(new Map(readers.map(([id, read]) => [id, read(series, fromMs, untilMs)]))),
    periodMs: periodSeconds * 1000,
  };
}

function reader(metric: MetricId, stat: z.infer<typeof Statistic>): Reader {
  return (series, fromMs, untilMs) => {
    const found = series.between(metric, fromMs, untilMs);
    return found && STATISTICS[stat](found);
  };
}

const STATISTICS: Readonly<Record<z.infer<typeof Statistic>, (found: Statistics) => number>> = {
  Sum: ({ sum }) => sum,
  Maximum: ({ max }) => max,
  Minimum: ({ min }) => min,
  Average: ({ sum, count }) => sum / count,
  SampleCount: ({ count }) => count,
};
