/** How much a stack does, as operators ask for it: the last hour by minutes, today, and the pace. */
import { describe, expect, it, test } from '@jest/globals';
import { lookAtActivity } from '../../../application/resources/activity.ts';
import { waitingSince } from '../../../application/tenant/first-in-line.ts';
import type { Receipt } from '../../../domain/cost/receipt.ts';
import { holderOf } from '../../../domain/tenant/holder.ts';
import { classOf, placeOf, rowOf } from '../../../domain/tenant/waiting.ts';
import { doors } from '../../support/doors.ts';
import { jobIn, NOW } from '../../support/jobs.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Ten in the morning, and half a minute. */
const TEN = Math.floor(NOW / 86_400_000) * 86_400_000 + 10 * HOUR_MS + 30_000;

let jobs = 0;
const receipt = (change: Partial<Receipt> = {}): Receipt => ({
  tenantId: 'acme',
  jobId: `job_${String(++jobs).padStart(26, 'a')}`,
  attempt: 1,
  jobType: 'csv.summarise',
  usdMicro: 125,
  billedSeconds: 60,
  endedAt: TEN,
  ...change,
});

async function withReceipts(nowMs: number, ...receipts: readonly Receipt[]) {
  const opened = doors({ paceFreeAtMs: nowMs + 1500 });
  opened.time.nowMs = nowMs;
  for (const each of receipts) await opened.ports.receipts.put([each]);
  return opened;
}
const countsIn = (minutes: readonly { readonly attempts: number }[]) =>
  minutes.map(({ attempts }) => attempts);

describe('the activity of a stack', () => {
  it('counts the attempts of all tenants by the minute of their end, and sums those of this day', async () => {
    const twice = receipt();
    const { operate } = await withReceipts(
      TEN,
      twice,
      { ...twice, attempt: 2, usdMicro: 75 },
      receipt({ tenantId: 'globex', endedAt: TEN - 10 * MINUTE_MS }),
      receipt({ endedAt: TEN - 5 * HOUR_MS, billedSeconds: 7 }),
      receipt({ endedAt: TEN - 11 * HOUR_MS }),
    );
    const { status, body } = await operate('/v1/activity');
    expect(status).toBe(200);
    expect(body.minutes).toHaveLength(60);
    expect(countsIn(body.minutes).slice(-11)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    expect(body.minutes.at(-1).at).toBe(new Date(TEN - 30_000).toISOString());
    expect(body.today).toEqual({
      since: new Date(TEN - 30_000 - 10 * HOUR_MS).toISOString(),
      attempts: 4,
      jobs: 3,
      billedSeconds: 187,
      usd: 0.00045,
      more: false,
    });
    expect(body.pace).toEqual({ perSecond: 40, takenSeconds: 1.5 });
  });

  it.each([
    ['in the first minutes of a day has a part of the day before in its hour', 20 * MINUTE_MS],
    ['in the first minutes of a month finds those of the month before', 20 * MINUTE_MS],
  ])('%s', async (name, sinceMidnight) => {
    const midnight = name.includes('month') ? Date.UTC(2026, 1, 1) : TEN - 30_000 - 10 * HOUR_MS;
    const nowMs = midnight + sinceMidnight;
    const { operate } = await withReceipts(
      nowMs,
      receipt({ endedAt: midnight - 5 * MINUTE_MS }),
      receipt({ endedAt: midnight + MINUTE_MS }),
    );
    const { body } = await operate('/v1/activity');
    expect(countsIn(body.minutes).reduce((sum, each) => sum + each, 0)).toBe(2);
    expect(body.today).toMatchObject({ attempts: 1, jobs: 1, more: false });
  });

  it('counts the last hour whole and says that there is more, on a day with too many receipts', async () => {
    const one = receipt();
    async function* many(from: number, count: number) {
      for (let i = 0; i < count; i++) yield { ...one, jobId: `job_${from + i}`, endedAt: from };
    }
    const asked: number[] = [];
    const { minutes, today } = await lookAtActivity({
      receipts: {
        tenants: async () => ['acme'],
        between: (_, fromMs) => {
          asked.push(fromMs);
          return many(fromMs, 15_000);
        },
      },
      paceFreeAtMs: async () => 0,
      callsPerSecond: 40,
      clock: { nowMs: () => TEN },
    });
    expect(asked).toEqual([TEN - 30_000 - 59 * MINUTE_MS, TEN - 30_000 - 10 * HOUR_MS]);
    expect(countsIn(minutes)[0]).toBe(15_000);
    expect(today).toMatchObject({ attempts: 20_000, more: true });
  });

  it('is all zeros where nothing ran, and the pace is free', async () => {
    const { body } = await doors().operate('/v1/activity');
    expect(new Set(countsIn(body.minutes))).toEqual(new Set([0]));
    expect([body.today.attempts, body.today.usd, body.pace.takenSeconds]).toEqual([0, 0, 0]);
  });
});

describe('the first in line', () => {
  const waits = (id: string, createdAt: number, rest = {}) =>
    rowOf(jobIn('waiting', { jobId: `job_${id.repeat(26)}`, createdAt, ...rest }));

  it('is told of a tenant whose attempts wait, and of no other', async () => {
    const opened = doors({ tenants: [{ tenantId: 'acme', status: 'active' }] });
    const { gates, waiting } = opened.ports;
    await gates.set('acme', undefined, { cap: 1 }, NOW);
    expect((await opened.operate('/v1/tenants/acme')).body).not.toHaveProperty('waitingSince');
    const rows = [waits('a', NOW - 5000), waits('b', NOW - 9000)];
    await waiting.put(rows, NOW);
    const types = new Set(rows.map((row) => holderOf(row).typeTag));
    expect(await waitingSince(waiting, { tenantId: 'acme', types })).toBe(NOW - 9000);
  });

  test('an urgent attempt is before one that waits longer', async () => {
    const { waiting } = doors().ports;
    const rows = [waits('a', NOW - 5000, { priority: 'urgent' }), waits('b', NOW - 9000)];
    await waiting.put(rows, NOW);
    const types = new Set(rows.map((row) => holderOf(row).typeTag));
    expect(await waitingSince(waiting, { tenantId: 'acme', types })).toBe(NOW - 5000);
    expect(await waitingSince(waiting, { tenantId: 'acme' })).toBeUndefined();
  });

  test('the first of a class is found by its entry', async () => {
    const { waiting } = doors().ports;
    const row = waits('a', NOW - 7000, { concurrencyKey: 'k' });
    const of = classOf(row);
    if (of === undefined) throw new Error('It has a key.');
    await waiting.put([row], NOW);
    await waiting.putEntry({ of, list: 'ready', place: placeOf(row), token: 't' }, NOW);
    expect(await waitingSince(waiting, { tenantId: 'acme', types: new Set([of.typeTag]) })).toBe(NOW - 7000);
  });
});
