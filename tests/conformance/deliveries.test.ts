/** What every backend must keep of the delivery rows: one for each event and endpoint, and each try recorded once. */
import { expect } from '@jest/globals';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { JOB_ID, NOW } from '../support/jobs.ts';
import { onEachAws, onEachTarget } from './targets.ts';

const at = new Date(NOW).toISOString();
const untried: Delivery = {
  tenantId: 'acme',
  endpointId: 'whe_main',
  at,
  webhookId: `msg_${'a'.repeat(26)}`,
  jobId: JOB_ID,
  eventType: 'job.succeeded',
  body: '{"type":"job.succeeded","note":"é 🚚"}',
  status: 'pending',
  tries: 0,
  dueAt: NOW,
};
const first: Delivery = {
  ...untried,
  tries: 1,
  last: { at: NOW, ms: 12, answer: 'http_503', headers: { 'retry-after': '5' }, body: 'later ☕' },
  nextTryAt: NOW + 5000,
  dueAt: NOW + 65_000,
};
const { nextTryAt: _, dueAt: __, ...over } = first;
const second: Delivery = {
  ...over,
  status: 'delivered',
  tries: 2,
  last: { at: NOW + 5000, ms: 8, answer: 'http_200' },
};

onEachTarget((open, test) => {
  const deliveries = async (answersLost = false) => (await open({ answersLost })).process().deliveries;

  test('a row that was never written is not there', async () => {
    expect(await (await deliveries()).get(untried)).toBeUndefined();
  });

  test('the first try makes the row, once', async () => {
    const rows = await deliveries();
    expect(await rows.record(undefined, first)).toBe('written');
    expect(await rows.record(undefined, { ...first, status: 'exhausted' })).toBe('lost');
    expect(await rows.get(untried)).toEqual(first);
  });

  test('each further try is written on the row as it was seen, and what it leaves out is gone', async () => {
    const rows = await deliveries();
    await rows.record(undefined, first);
    expect(await rows.record(first, second)).toBe('written');
    expect(await rows.record(first, { ...second, status: 'exhausted' })).toBe('lost');
    expect(await rows.get(untried)).toEqual(second);
  });

  test('a further try of a row that is gone writes nothing', async () => {
    const rows = await deliveries();
    expect(await rows.record(first, second)).toBe('lost');
    expect(await rows.get(untried)).toBeUndefined();
  });

  test('rows of other events, endpoints and tenants are others', async () => {
    const rows = await deliveries();
    const others = [
      { ...first, webhookId: `msg_${'b'.repeat(26)}` },
      { ...first, at: new Date(NOW + 86_400_000).toISOString() },
      { ...first, endpointId: 'whe_other' },
      { ...first, tenantId: 'acme-2' },
    ];
    for (const row of [first, ...others]) expect(await rows.record(undefined, row)).toBe('written');
    for (const row of [first, ...others]) expect(await rows.get(row)).toEqual(row);
  });

  test('of two who replay a row, and of two ticks that put it off, one has done so', async () => {
    const rows = await deliveries();
    await rows.record(undefined, second);
    const again = { ...first, tries: 2, triesBefore: 2, replays: 1 };
    expect(await rows.replay(second, again)).toBe('written');
    expect(await rows.replay(second, again)).toBe('lost');
    const later = { ...again, dueAt: NOW + 120_000 };
    expect(await rows.putOff(again, later)).toBe('written');
    expect(await rows.putOff(again, { ...later, dueAt: NOW + 180_000 })).toBe('lost');
    expect(await rows.get(untried)).toEqual(later);
  });

  test('a try whose answer was lost is known again by its writer', async () => {
    const rows = await deliveries(true);
    expect(await rows.record(undefined, first)).toBe('written');
    expect(await rows.record(first, second)).toBe('written');
    expect(await rows.record(first, second)).toBe('lost');
  });
});

onEachAws((open, test) => {
  test('what an endpoint was sent is read in order, over days, with the tries of each', async () => {
    const log = (await open()).deliveryLog;
    const days = [0, 1, 2].map((day) => ({
      ...first,
      at: new Date(NOW + day * 86_400_000).toISOString(),
      webhookId: `msg_${'cba'.charAt(day).repeat(26)}`,
    }));
    for (const row of [...days.toReversed(), { ...first, endpointId: 'whe_other' }])
      await log.record(undefined, row);
    const [, middle = first] = days;
    const delivered = { ...middle, status: 'delivered' as const, tries: 2, last: second.last };
    await log.record(middle, delivered);

    const from = async (fromDay: number, toDay: number) => {
      const found: Delivery[] = [];
      for await (const row of log.between(first, NOW + fromDay * 86_400_000, NOW + toDay * 86_400_000))
        found.push(row);
      return found;
    };
    expect(await from(0, 2)).toEqual([days[0], delivered, days[2]]);
    expect(await from(1, 1)).toEqual([delivered]);
    expect(await from(3, 9)).toEqual([]);
    expect(await log.tries(delivered)).toEqual([first.last, second.last]);
  });

  test('what an endpoint was sent is read by pages, the newest first, and no page ends between the tries of one', async () => {
    const log = (await open()).deliveryLog;
    const rows = [0, 1, 2, 3].map((index) => ({
      ...first,
      // Two of one day, and days without any between them and the others.
      at: new Date(NOW + Math.floor(index / 2) * 3 * 86_400_000).toISOString(),
      webhookId: `msg_${'abcd'.charAt(index).repeat(26)}`,
    }));
    const newest: Delivery[] = [];
    for (const row of rows) {
      const tried = { ...row, status: 'delivered' as const, tries: 2, last: second.last };
      await log.record(undefined, row);
      await log.record(row, tried);
      newest.unshift(tried);
    }
    const range = { fromMs: NOW, toMs: NOW + 9 * 86_400_000 };
    for (const limit of [1, 2, 3, 100]) {
      const found: Delivery[] = [];
      let after: Parameters<typeof log.page>[3];
      do {
        const page = await log.page(first, range, limit, after);
        found.push(...page.rows);
        after = page.next;
      } while (after !== undefined);
      expect(found).toEqual(newest);
    }
  });
});
