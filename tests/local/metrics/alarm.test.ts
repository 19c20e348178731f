/** When an alarm rings: so many of its latest periods, and what a period without a number means. */
import { describe, expect, test } from '@jest/globals';
import { AlarmProperties, readAlarm } from '../../../local/metrics/alarm.ts';
import { createSeries } from '../../../local/metrics/series.ts';

const MINUTE_MS = 60_000;
const metric = { namespace: 'Headgate', name: 'Late', dimensions: { stage: 'dev' } };
const Dimensions = [{ Name: 'stage', Value: 'dev' }];
const base = {
  AlarmName: 'late',
  Namespace: 'Headgate',
  MetricName: 'Late',
  Dimensions,
  Statistic: 'Maximum',
  Period: 60,
  EvaluationPeriods: 3,
  DatapointsToAlarm: 2,
  ComparisonOperator: 'GreaterThanThreshold',
  Threshold: 10,
  TreatMissingData: 'notBreaching',
};

/** @param minutes the numbers of each minute, the oldest first; the alarm is looked at when the last is over */
function stateAfter(change: object, ...minutes: readonly (readonly number[])[]) {
  const series = createSeries();
  for (const [i, values] of minutes.entries()) series.add({ ...metric, values, atMs: i * MINUTE_MS + 999 });
  return readAlarm(AlarmProperties.parse({ ...base, ...change })).stateAt(series, minutes.length * MINUTE_MS);
}

describe('an alarm', () => {
  test.each<[string, object, readonly (readonly number[])[], 'OK' | 'ALARM']>([
    ['rings when two of three minutes are above', {}, [[11], [1], [12]], 'ALARM'],
    ['keeps still for one of three', {}, [[1], [1], [12]], 'OK'],
    ['keeps still at the threshold itself', {}, [[10], [10], [10]], 'OK'],
    [
      'rings at the threshold where that is meant',
      { ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
      [[10], [10]],
      'ALARM',
    ],
    ['forgets what is older than it looks back', {}, [[11], [11], [1], [1]], 'OK'],
    ['takes a minute without a number for good', {}, [[11], [], []], 'OK'],
    [
      'takes it for bad where silence is the fault',
      { TreatMissingData: 'breaching' },
      [[1], [], []],
      'ALARM',
    ],
    [
      'needs all of its periods unless it says how many',
      { DatapointsToAlarm: undefined },
      [[11], [1], [12]],
      'OK',
    ],
    ['adds up', { Statistic: 'Sum', EvaluationPeriods: 1, DatapointsToAlarm: 1 }, [[6, 5]], 'ALARM'],
    [
      'takes the mean',
      { Statistic: 'Average', EvaluationPeriods: 1, DatapointsToAlarm: 1 },
      [[30, 1, 1]],
      'ALARM',
    ],
    [
      'rings below',
      { ComparisonOperator: 'LessThanThreshold', Statistic: 'Minimum' },
      [[20], [9], [8]],
      'ALARM',
    ],
  ])('%s', (_, change, minutes, state) => expect(stateAfter(change, ...minutes).state).toBe(state));

  test('over an expression looks at the numbers of one period together', () => {
    const stat = (Id: string, name: string) => ({
      Id,
      ReturnData: false,
      MetricStat: {
        Metric: { Namespace: 'Headgate', MetricName: name, Dimensions },
        Period: 300,
        Stat: 'Sum',
      },
    });
    const watched = {
      Namespace: undefined,
      MetricName: undefined,
      EvaluationPeriods: 1,
      DatapointsToAlarm: undefined,
      Metrics: [
        { Id: 'value', Expression: 'IF(FILL(late, 0) > 2, late, 0)' },
        stat('late', 'Late'),
        stat('other', 'Other'),
      ],
    };
    expect(stateAfter({ ...watched, Threshold: 2 }, [1], [1], [1])).toEqual({ state: 'ALARM', value: 3 });
    expect(stateAfter({ ...watched, Threshold: 2 }, [1], [1])).toEqual({ state: 'OK', value: 0 });
  });

  test('that has neither a metric nor an expression is refused', () => {
    expect(() => readAlarm(AlarmProperties.parse({ ...base, Namespace: undefined }))).toThrow(
      'expected one metric',
    );
  });
});
