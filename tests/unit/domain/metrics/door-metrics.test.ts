/** What is counted of requests that doors refuse. */
import { expect, it, test } from '@jest/globals';
import { denied, refusedCall } from '../../../../domain/metrics/door-metrics.ts';
import type { Point } from '../../../../domain/metrics/metric.ts';
import { FIRST } from '../../../support/jobs.ts';
import { useCases } from '../../../support/use-cases.ts';
import { openWorkerApi } from '../../../support/worker-api.ts';

const said = (points: readonly Point[]) =>
  points.map(({ metric, value, of = {} }) => [metric.name, ...Object.values(of), value].join(' '));

test.each<[number, readonly string[]]>([
  [200, []],
  [400, []],
  [401, ['RequestsDenied credential 1']],
  [403, ['RequestsDenied forbidden 1']],
  [404, []],
  [429, []],
  [500, []],
])('an answer of %i', (status, counted) => expect(said(denied(status))).toEqual(counted));

it('a call of a container counts by its code, and by its credential if that does not hold', () => {
  expect(said(refusedCall({ status: 409, code: 'superseded' }))).toEqual(['WorkerCallsRefused superseded 1']);
  expect(said(refusedCall({ status: 401, code: 'ticket_invalid' }))).toEqual([
    'WorkerCallsRefused ticket_invalid 1',
    'RequestsDenied credential 1',
  ]);
});

test('worker-api counts each call that it refuses', async () => {
  const counted: string[] = [];
  const info = (_: string, __?: object, points: readonly Point[] = []) => void counted.push(...said(points));
  const ports = { log: { info, error: () => undefined } };
  const { send } = openWorkerApi({ jobs: useCases().ports.jobs, ports });
  await send({ call: 'claim', ticket: 'hgt.k1.forged', runId: FIRST, try: 1, nonce: 'nonce-of-the-first' });
  await send({ call: 'unknown' });
  expect(counted).toEqual([
    'WorkerCallsRefused ticket_invalid 1',
    'RequestsDenied credential 1',
    'WorkerCallsRefused call_invalid 1',
  ]);
});
