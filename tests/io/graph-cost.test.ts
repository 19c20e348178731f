/** What schedules and dependencies cost: counts of the real stores, with those of their indexes. */
import { expect, test } from '@jest/globals';
import { fireDueSchedules } from '../../application/schedule/fire.ts';
import { putSchedule } from '../../application/schedule/schedules.ts';
import { openCountedCloud, QUEUES_URL, TABLE } from '../../bench/cost/cloud.ts';
import { nothing } from '../../bench/cost/meter.ts';
import { queue } from '../../io/aws/queues.ts';
import { dependantStore } from '../../io/table/dependency/dependants.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { scheduleStore } from '../../io/table/schedules.ts';
import { table } from '../../io/table/table.ts';
import { jobIn, NOW } from '../support/jobs.ts';
import { useCases } from '../support/use-cases.ts';

const HOUR = 3_600_000;

async function counted() {
  const counts = nothing();
  const sent: string[] = [];
  const cloud = await openCountedCloud(counts, { sent: ({ body }) => void sent.push(body) });
  const random = { token: () => 't'.repeat(36), fraction: () => 0.5 };
  return { counts, sent, items: table(cloud.db, TABLE, random), cloud };
}

test('a job for which no other waits pays for one read at its end, and for no write', async () => {
  const { counts, items, cloud } = await counted();
  const { tenantId, jobId } = jobIn('succeeded');
  Object.assign(counts, nothing());
  expect(await dependantStore(items).having([{ tenantId, name: jobId }])).toEqual([]);
  expect([counts.readUnits, counts.writeUnits]).toEqual([1, 0]);
  await cloud.close();
});

test.each(['allow', 'queue', 'skip', 'replace'])(
  'a firing of a schedule that says %s costs at most three writes, those of the index included',
  async (overlap) => {
    const { counts, sent, items, cloud } = await counted();
    const { ports } = useCases();
    const frontQueue = queue(cloud.sqs, `${QUEUES_URL}/front`);
    const time = { nowMs: NOW };
    const clock = { nowMs: () => time.nowMs };
    const stores = { schedules: scheduleStore(items), jobs: jobStore(items), frontQueue, clock };
    const schedule = { tenantId: 'acme', scheduleId: 'hourly' };
    const definition = {
      cron: '0 * * * *',
      overlap,
      job: { jobType: 'report.render', input: { title: 'Sales' } },
    };
    await putSchedule({ ...ports, ...stores }, schedule, JSON.stringify(definition));
    for (let hour = 1; hour <= 3; hour++) {
      time.nowMs = NOW + hour * HOUR;
      Object.assign(counts, nothing());
      const fired = await fireDueSchedules({ ...ports, ...stores }, [{ schedule }], time.nowMs);
      expect(fired.count).toBe(1);
      expect(counts.writeUnits).toBeLessThanOrEqual(3);
    }
    expect(sent.length).toBeGreaterThanOrEqual(3);
    await cloud.close();
  },
);
