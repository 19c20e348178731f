/** What is told of a tenant's budget: once for each mark, with the same words however often a process dies. */
import { expect, it } from '@jest/globals';
import { type BudgetPorts, judgeBudget } from '../../../application/repair/budget.ts';
import type { Budget } from '../../../domain/tenant/budget.ts';
import { isForBus, isForNotify } from '../../../domain/webhook/notification.ts';
import { bodyOf } from '../../../domain/webhook/payload.ts';
import { NOW } from '../../support/jobs.ts';
import { useCases } from '../../support/use-cases.ts';

const MONTH_MS = 31 * 86_400_000;
const budget: Budget = { usdPerMonth: 1, timeZone: 'UTC', warnAt: 0.5, then: 'hold' };

async function opened() {
  const { ports, sent, time } = useCases();
  await ports.gates.set('acme', undefined, { budget }, NOW);
  let attempt = 0;
  const gate = async () => (await ports.gates.load(['acme'])).get('acme');
  return {
    sent,
    time,
    ports,
    gate,
    spend: async (usdMicro: number) => {
      const jobId = `job_${'a'.repeat(26)}`;
      const receipt = { tenantId: 'acme', jobId, jobType: 'demo.sleep', billedSeconds: 60 };
      await ports.receipts.put([{ ...receipt, attempt: ++attempt, usdMicro, endedAt: time.nowMs }]);
    },
    /** Five minutes later. @returns what was told up to then */
    async judged(given: Partial<BudgetPorts> = {}): Promise<readonly object[]> {
      time.nowMs += 300_000;
      const seen = await gate();
      if (seen === undefined) throw new Error('no gate');
      await judgeBudget({ ...ports, ...given }, seen);
      return sent.events.taken;
    },
  };
}

const told = (standing: string, usd: number) =>
  expect.objectContaining({
    type: 'tenant.budget',
    data: expect.objectContaining({ tenantId: 'acme', month: '2026-01', standing, action: 'hold', usd }),
  });

it('a warning and the end of a budget are told once each', async () => {
  const { spend, judged } = await opened();
  await spend(400_000);
  expect(await judged()).toEqual([]);
  await spend(200_000);
  expect(await judged()).toEqual([told('warned', 0.6)]);
  expect(await judged()).toHaveLength(1);
  await spend(400_000);
  expect(await judged()).toEqual([told('warned', 0.6), told('used', 1)]);
  expect(await judged()).toHaveLength(2);
});

it('a process that dies before it has noted that it told leaves the next one the same words', async () => {
  const { spend, judged, ports, sent } = await opened();
  await spend(600_000);
  let notes = 0;
  const dying: BudgetPorts['gates'] = {
    async noteSpend(...asked) {
      if (++notes > 1) throw new Error('dies');
      return ports.gates.noteSpend(...asked);
    },
  };
  await judged({ gates: dying });
  await spend(1);
  await judged();
  expect(sent.events.taken).toEqual([told('warned', 0.6), sent.events.taken[0]]);
  expect(await judged()).toHaveLength(2);
});

it('nothing is told of a mark that is not noted', async () => {
  const { spend, judged } = await opened();
  await spend(600_000);
  expect(await judged({ gates: { noteSpend: async () => 'lost' } })).toEqual([]);
});

it('is told again when the budget was raised and is used once more, and in the next month', async () => {
  const { spend, judged, ports, gate, time } = await opened();
  await spend(1_000_000);
  await judged();
  await ports.gates.set('acme', await gate(), { budget: { ...budget, usdPerMonth: 10 } }, time.nowMs);
  expect(await judged()).toHaveLength(1);
  await spend(9_000_000);
  expect(await judged()).toEqual([told('used', 1), told('used', 10)]);
  time.nowMs += MONTH_MS;
  await spend(10_000_000);
  expect(await judged()).toHaveLength(3);
});

it('amounts are on the bus, and not in the webhook', async () => {
  const { spend, judged, sent } = await opened();
  await spend(1_000_000);
  await judged();
  const [event] = sent.events.taken;
  if (event === undefined) throw new Error('nothing was told');
  expect([isForBus(event, 'final'), isForNotify(event, 'none')]).toEqual([true, true]);
  expect(event.data).toMatchObject({ usd: 1, usdPerMonth: 1 });
  expect(JSON.parse(bodyOf(event, 'msg_1', 'standard')).data).toEqual({
    tenantId: 'acme',
    sequence: NOW + 300_000,
    month: '2026-01',
    standing: 'used',
    action: 'hold',
    until: '2026-02-01T00:00:00.000Z',
  });
});
