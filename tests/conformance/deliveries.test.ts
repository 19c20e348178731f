/** What every world must keep of the delivery rows: one for each event and endpoint, and each try recorded once. */
import { expect } from '@jest/globals';
import type { Delivery } from '../../domain/delivery.ts';
import { JOB_ID, NOW } from '../support/jobs.ts';
import { onEachTarget } from './targets.ts';

const untried: Delivery = {
  webhookId: `msg_${'a'.repeat(26)}`,
  jobId: JOB_ID,
  tenantId: 'acme',
  endpointId: 'whe_main',
  sequence: 4,
  eventType: 'job.succeeded',
  body: '{"type":"job.succeeded","note":"é 🚚"}',
  status: 'pending',
  tries: 0,
};
const first: Delivery = {
  ...untried,
  tries: 1,
  lastTryAt: NOW,
  lastAnswer: 'http_503',
  nextTryAt: NOW + 5000,
};
const { nextTryAt: _, ...rest } = first;
const second: Delivery = {
  ...rest,
  status: 'delivered',
  tries: 2,
  lastTryAt: NOW + 5000,
  lastAnswer: 'http_200',
};

onEachTarget((open, test) => {
  const deliveries = async (answersLost = false) => (await open({ answersLost })).process().deliveries;

  test('a row that nobody wrote is not there', async () => {
    expect(await (await deliveries()).get(untried)).toBeUndefined();
  });

  test('the first try makes the row, once', async () => {
    const rows = await deliveries();
    expect(await rows.record(undefined, first)).toBe('written');
    expect(await rows.record(undefined, { ...first, lastAnswer: 'timeout' })).toBe('lost');
    expect(await rows.get(untried)).toEqual(first);
  });

  test('each further try is written on the row as it was seen, and what it leaves out is gone', async () => {
    const rows = await deliveries();
    await rows.record(undefined, first);
    expect(await rows.record(first, second)).toBe('written');
    expect(await rows.record(first, { ...second, lastAnswer: 'timeout' })).toBe('lost');
    expect(await rows.get(untried)).toEqual(second);
  });

  test('a further try of a row that is gone writes nothing', async () => {
    const rows = await deliveries();
    expect(await rows.record(first, second)).toBe('lost');
    expect(await rows.get(untried)).toBeUndefined();
  });

  test('rows of other events, endpoints and jobs are others', async () => {
    const rows = await deliveries();
    const others = [
      { ...first, sequence: 5 },
      { ...first, endpointId: 'whe_other' },
      { ...first, jobId: `job_${'c'.repeat(26)}` },
    ];
    for (const row of [first, ...others]) expect(await rows.record(undefined, row)).toBe('written');
    for (const row of [first, ...others]) expect(await rows.get(row)).toEqual(row);
  });

  test('a try whose answer was lost is known again by its writer', async () => {
    const rows = await deliveries(true);
    expect(await rows.record(undefined, first)).toBe('written');
    expect(await rows.record(first, second)).toBe('written');
    expect(await rows.record(first, second)).toBe('lost');
  });
});
