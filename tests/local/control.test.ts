/** How the clock of a cloud is moved and its faults are switched from outside, what its alarms say, and who may not. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AwsEvent } from '../../local/aws.ts';
import type { BatchFaults } from '../../local/batch/batch.ts';
import { type Clock, createClock } from '../../local/clock.ts';
import {
  advanceClock,
  alarmsOf,
  createControl,
  numbersOf,
  readDuration,
  timeOf,
  turnFaults,
} from '../../local/control.ts';
import { createFaults } from '../../local/faults.ts';
import { AlarmProperties } from '../../local/metrics/alarm.ts';
import { createMetrics, type Metrics } from '../../local/metrics/metrics.ts';
import { setUp } from './gateway/set-up.ts';

const HOUR_MS = 3_600_000;
let clock: Clock;
let batch: BatchFaults;
let killed: string[];
let metrics: Metrics;
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeEach(async () => {
  clock = createClock();
  [batch, killed] = [{}, []];
  metrics = createMetrics(clock.now, () => []);
  const faults = createFaults(batch, (name) => killed.push(name));
  cloud = await setUp({ control: createControl({ clock, faults, metrics }) });
});
afterEach(async () => {
  await cloud.close();
  clock.release();
});

const ask = (request: RequestInit, path: string) => fetch(new URL(path, cloud.endpoint), request);
const allowed = { 'x-cloud-control': '1' };

test('its time is read and moved forward over HTTP', async () => {
  expect(await timeOf(cloud.endpoint)).toMatchObject({ aheadMs: 0 });
  expect(await advanceClock(cloud.endpoint, HOUR_MS)).toMatchObject({ aheadMs: HOUR_MS });
  expect(clock.offsetMs()).toBe(HOUR_MS);
});

test.each<[string, RequestInit, number, string]>([
  [
    'a page of a browser, which cannot send the header',
    { method: 'POST', body: '{"advanceMs":1}' },
    403,
    '/_cloud/clock',
  ],
  ['a step backwards', { method: 'POST', headers: allowed, body: '{"advanceMs":-1}' }, 400, '/_cloud/clock'],
  [
    'half a millisecond',
    { method: 'POST', headers: allowed, body: '{"advanceMs":0.5}' },
    400,
    '/_cloud/clock',
  ],
  ['what is no JSON', { method: 'POST', headers: allowed, body: 'soon' }, 400, '/_cloud/clock'],
  ['another method', { method: 'DELETE', headers: allowed }, 405, '/_cloud/clock'],
  ['another path', { headers: allowed }, 404, '/_cloud/batch'],
  ['a name of every object', { headers: allowed }, 404, '/_cloud/toString'],
  [
    'a fault that is none',
    { method: 'POST', headers: allowed, body: '{"rain":true}' },
    400,
    '/_cloud/faults',
  ],
  [
    'a switch with a number',
    { method: 'POST', headers: allowed, body: '{"throttle":1}' },
    400,
    '/_cloud/faults',
  ],
  ['alarms that are to be set', { method: 'POST', headers: allowed, body: '{}' }, 405, '/_cloud/alarms'],
])('%s is refused, and changes nothing', async (_, request, status, path) => {
  expect((await ask(request, path)).status).toBe(status);
  expect(clock.offsetMs()).toBe(0);
  expect(batch).toEqual({});
});

const call = (caller: string) => ({
  method: 'POST',
  path: '/v1/submitjob',
  headers: { authorization: `AWS4-HMAC-SHA256 Credential=${caller}/20260105/us-east-1/batch/aws4_request` },
  body: {},
});
const event: AwsEvent = {
  version: '0',
  id: 'x',
  source: 'aws.batch',
  'detail-type': 'Batch Job State Change',
  account: '000000000000',
  time: '2026-01-05T09:00:00Z',
  region: 'us-east-1',
  resources: [],
  detail: {},
};

test('each fault is switched on and off by name, and several at once', async () => {
  expect(await turnFaults(cloud.endpoint, { 'duplicate-events': true })).toMatchObject({
    'duplicate-events': true,
    throttle: false,
  });
  expect(batch.event?.(event)).toBe('duplicate');
  await turnFaults(cloud.endpoint, { 'delay-events': true });
  expect(batch.event?.(event)).toEqual({ delaySeconds: 300 });
  await turnFaults(cloud.endpoint, { 'drop-events': true, throttle: true, 'stuck-runnable': true });
  expect([batch.event?.(event), batch.submit?.(call('x')), batch.noCapacity]).toEqual([
    'drop',
    'throttle',
    true,
  ]);
  await turnFaults(cloud.endpoint, { 'spot-reclaim': true });
  expect(batch.reclaim?.('hg-job_a-1')).toBe(true);
  const off = { 'drop-events': false, 'delay-events': false, 'duplicate-events': false, throttle: false };
  await turnFaults(cloud.endpoint, { ...off, 'stuck-runnable': false, 'spot-reclaim': false });
  expect(batch).toEqual({});
});

test('the function that submits is killed at every third call, in turns before and after Batch has the job', async () => {
  await turnFaults(cloud.endpoint, { 'kill-function': true });
  const outcomes = Array.from({ length: 7 }, () => batch.submit?.(call('headgate-dev-submit')));
  expect(outcomes).toEqual([
    'lose_request',
    'accept',
    'accept',
    'lose_reply',
    'accept',
    'accept',
    'lose_request',
  ]);
  expect(killed).toEqual(Array.from({ length: 3 }, () => 'headgate-dev-submit'));
});

test('what functions print rings an alarm, and an alarm that has rung is told of afterwards', async () => {
  metrics.declare(
    AlarmProperties.parse({
      AlarmName: 'many',
      Namespace: 'Headgate',
      MetricName: 'Lost',
      Dimensions: [{ Name: 'stage', Value: 'dev' }],
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 2,
      TreatMissingData: 'notBreaching',
    }),
  );
  const startMs = clock.now();
  const states = async () =>
    (await alarmsOf(cloud.endpoint, startMs)).map(({ state, rang }) => ({ state, rang }));
  const print = (Lost: number | number[]) => {
    const CloudWatchMetrics = [
      { Namespace: 'Headgate', Dimensions: [['stage']], Metrics: [{ Name: 'Lost' }] },
    ];
    metrics.printed(
      JSON.stringify({ _aws: { Timestamp: clock.now(), CloudWatchMetrics }, stage: 'dev', Lost }),
    );
  };
  print(2);
  metrics.printed('{"_aws": broken');
  expect(await states()).toEqual([{ state: 'OK', rang: false }]);
  print([1, 1]);
  expect(await states()).toEqual([{ state: 'ALARM', rang: true }]);
  clock.advance(HOUR_MS);
  expect(await states()).toEqual([{ state: 'OK', rang: true }]);
  expect(await numbersOf(cloud.endpoint, startMs - 60_000)).toEqual([
    { namespace: 'Headgate', name: 'Lost', dimensions: { stage: 'dev' }, count: 3, sum: 4, min: 1, max: 2 },
  ]);
});

test('a cloud without a control takes the request for one to AWS that lacks a signature', async () => {
  const other = await setUp();
  await expect(advanceClock(other.endpoint, 1)).rejects.toThrow('has no clock that can be moved: status 403');
  await other.close();
});

test.each([
  ['90s', 90_000],
  ['2h', 2 * HOUR_MS],
  ['1h30m', 1.5 * HOUR_MS],
  ['7d', 7 * 24 * HOUR_MS],
  ['', undefined],
  ['2', undefined],
  ['-2h', undefined],
  ['2 hours', undefined],
])('the time %j is %s ms', (text, expected) => expect(readDuration(text)).toBe(expected));
