/** Schedules as their owners set them, and what runs of tick make of them. */
import { describe, expect, it } from '@jest/globals';
import { jobIdOf } from '../../../../application/job/identity.ts';
import { fireDueSchedules } from '../../../../application/schedule/fire.ts';
import {
  deleteSchedule,
  getSchedule,
  listSchedules,
  nextRuns,
  pauseSchedule,
  putSchedule,
  resumeSchedule,
  runSchedule,
} from '../../../../application/schedule/schedules.ts';
import type { JobState } from '../../../../domain/job/job.ts';
import type { Schedule } from '../../../../domain/schedule/schedule.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';
import { useCases } from '../../../support/use-cases.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const name = { tenantId: 'acme', scheduleId: 'nightly' };
const job = { jobType: 'report.render', input: { title: 'Sales' } };
const hourly = { cron: '0 * * * *', timeZone: 'Europe/Berlin', job };
const iso = (ms: number) => new Date(ms).toISOString();
const keyOf = (ms: number) => `schedule:nightly:${iso(ms).slice(0, 16)}Z`;
const idOf = (ms: number) => jobIdOf('acme', keyOf(ms));

function opened(definition: object = hourly) {
  const made = useCases();
  const { ports, time, sent } = made;
  const put = (change: object = {}) => putSchedule(ports, name, JSON.stringify({ ...definition, ...change }));
  const fire = (nowMs: number) => {
    time.nowMs = nowMs;
    return fireDueSchedules(ports, [{ schedule: name }], nowMs + MINUTE);
  };
  const bodies = () => sent.front.taken.splice(0).map(({ body }) => JSON.parse(body));
  const stored = async (): Promise<Schedule> => {
    const found = await getSchedule(ports, name);
    if (found.kind === 'refused') throw new Error(found.problem.code);
    return found.schedule;
  };
  return { ...made, put, fire, bodies, stored };
}

describe('an occurrence', () => {
  it('is sent a minute ahead, with the delay that is left, and once', async () => {
    const { put, fire, sent, stored } = opened();
    await put();
    expect(await stored()).toMatchObject({ nextAt: NOW + HOUR, dueAt: NOW + HOUR });
    expect(await fire(NOW + HOUR - 2 * MINUTE)).toMatchObject({ count: 0, idle: [{ schedule: name }] });

    expect(await fire(NOW + HOUR - 40_000)).toMatchObject({ count: 1 });
    expect(sent.front.taken).toEqual([
      {
        body: JSON.stringify({
          specVersion: '1',
          tenantId: 'acme',
          ...job,
          idempotencyKey: keyOf(NOW + HOUR),
          runAt: iso(NOW + HOUR),
        }),
        groupId: 'acme',
        delaySeconds: 40,
      },
    ]);
    expect(await stored()).toMatchObject({
      nextAt: NOW + 2 * HOUR,
      last: { at: NOW + HOUR, jobId: idOf(NOW + HOUR) },
      recent: [{ at: NOW + HOUR, jobId: idOf(NOW + HOUR) }],
    });
    expect(await fire(NOW + HOUR)).toMatchObject({ count: 0 });
  });

  it('that cannot be sent stays due', async () => {
    const { put, fire, sent, stored } = opened();
    await put();
    sent.front.rules.refuses = () => true;
    expect((await fire(NOW + HOUR)).failed).toMatchObject([{ item: { schedule: name } }]);
    expect(await stored()).toMatchObject({ nextAt: NOW + HOUR, recent: [] });
  });

  it('comes later by the jitter, which is the same in each computation', async () => {
    const { put, fire, bodies } = opened({ ...hourly, jitterSeconds: 600 });
    await put();
    await fire(NOW + HOUR);
    const [{ runAt }] = bodies();
    expect(Date.parse(runAt) - NOW - HOUR).toBeGreaterThan(0);
    expect(Date.parse(runAt) - NOW - HOUR).toBeLessThanOrEqual(600_000);
    const again = opened({ ...hourly, jitterSeconds: 600 });
    await again.put();
    await again.fire(NOW + HOUR);
    expect(again.bodies()[0].runAt).toBe(runAt);
  });

  it.each([
    ['latest', [5], [{ at: NOW + HOUR, until: NOW + 4 * HOUR, skipped: 'missed' }]],
    ['none', [], [{ at: NOW + HOUR, until: NOW + 5 * HOUR, skipped: 'missed' }]],
    ['all', [1, 2, 3, 4, 5], []],
  ])('that was missed under %s runs accordingly', async (catchUp, runs, skips) => {
    const { put, fire, bodies, stored } = opened({ ...hourly, catchUp });
    await put();
    await fire(NOW + 5 * HOUR + 10 * MINUTE);
    expect(bodies().map(({ idempotencyKey }) => idempotencyKey)).toEqual(
      runs.map((hour) => keyOf(NOW + hour * HOUR)),
    );
    const { recent, nextAt } = await stored();
    expect(recent.filter((outcome) => 'skipped' in outcome)).toMatchObject(
      skips.map(({ at, skipped }) => ({ at, skipped })),
    );
    expect(nextAt).toBe(NOW + 6 * HOUR);
  });

  it('of a minute runs even when a minute was missed', async () => {
    const { put, fire, bodies } = opened({ ...hourly, cron: '* * * * *' });
    await put();
    await fire(NOW + 90_000);
    expect(bodies()).toHaveLength(2);
  });

  it('is one of a hundred that a run makes up for', async () => {
    const { put, fire, bodies, stored } = opened({ ...hourly, cron: '* * * * *', catchUp: 'all' });
    await put();
    await fire(NOW + 3 * HOUR);
    expect(bodies()).toHaveLength(100);
    expect((await stored()).dueAt).toBe(NOW + 101 * MINUTE);
    await fire(NOW + 3 * HOUR);
    expect(bodies()).toHaveLength(81);
  });
});

describe('while the job before is not over', () => {
  async function second(overlap: string, state: JobState) {
    const made = opened({ ...hourly, overlap });
    await made.put();
    await made.fire(NOW + HOUR);
    await made.ports.jobs.create(jobIn(state, { jobId: idOf(NOW + HOUR), tenantId: 'acme' }));
    made.bodies();
    await made.fire(NOW + 2 * HOUR);
    return { ...made, sentNow: made.bodies() };
  }

  it.each(['allow', 'queue', 'replace'])('the next one is sent under %s', async (overlap) => {
    const { sentNow } = await second(overlap, 'running');
    expect(sentNow.at(-1)).toMatchObject({ idempotencyKey: keyOf(NOW + 2 * HOUR) });
  });

  it('queue gives both the same concurrency key', async () => {
    const { sentNow } = await second('queue', 'running');
    expect(sentNow).toMatchObject([{ concurrencyKey: 'schedule:nightly' }]);
  });

  it('skip leaves the next one out, and says so', async () => {
    const { sentNow, stored } = await second('skip', 'running');
    expect(sentNow).toEqual([]);
    const { recent, last } = await stored();
    expect(recent.at(-1)).toEqual({ at: NOW + 2 * HOUR, until: NOW + 2 * HOUR, skipped: 'overlap' });
    expect(last).toMatchObject({ at: NOW + HOUR });
  });

  it('replace asks for the end of the one before', async () => {
    const { sentNow } = await second('replace', 'running');
    expect(sentNow[0]).toEqual({
      specVersion: '1',
      action: 'job.cancel',
      tenantId: 'acme',
      jobId: idOf(NOW + HOUR),
    });
  });

  it.each(['skip', 'replace'])('%s lets the next one run alone when it is over', async (overlap) => {
    const { sentNow } = await second(overlap, 'failed');
    expect(sentNow).toMatchObject([{ idempotencyKey: keyOf(NOW + 2 * HOUR) }]);
  });
});

describe('an owner', () => {
  it('changes a schedule from its next occurrence on: what is due is sent as it was', async () => {
    const { put, time, bodies, stored } = opened();
    expect(await put()).toMatchObject({ kind: 'created' });
    expect(await put()).toMatchObject({ kind: 'unchanged' });
    time.nowMs = NOW + HOUR - 90_000;
    expect(await put({ job: { ...job, input: { title: 'New' } } })).toMatchObject({ kind: 'changed' });
    expect(bodies()).toMatchObject([{ idempotencyKey: keyOf(NOW + HOUR), input: { title: 'Sales' } }]);
    expect(await stored()).toMatchObject({ nextAt: NOW + 2 * HOUR, version: 2 });
  });

  it('changes a schedule with whose occurrences reconcile has failed: what is due is sent all the same', async () => {
    const { put, bodies, time, ports, stored } = opened();
    await put();
    const seen = await stored();
    // As the due index postpones what fails.
    await ports.schedules.replace(seen, { ...seen, version: seen.version + 1, dueAt: NOW + 9 * HOUR });
    time.nowMs = NOW + HOUR;
    await put({ job: { ...job, input: { title: 'Costs' } } });
    expect(bodies()).toMatchObject([{ idempotencyKey: keyOf(NOW + HOUR), input: { title: 'Sales' } }]);
    expect((await stored()).recent).toMatchObject([{ at: NOW + HOUR, jobId: idOf(NOW + HOUR) }]);
  });

  it('that changes a paused schedule sends nothing twice that was on its way', async () => {
    const { ports, put, fire, stored, time } = opened({ ...hourly, cron: '* * * * *' });
    await put();
    const { schedules } = ports;
    const dying = { ...ports, schedules: { ...schedules, replace: async () => Promise.reject(new Error()) } };
    await fireDueSchedules(dying, [{ schedule: name }], NOW + 90_000);
    await pauseSchedule(ports, name, { reason: 'audit', by: 'operator' });
    await put({ job: { ...job, input: { title: 'New' } } });
    await resumeSchedule(ports, name, 'operator');
    expect((await stored()).nextAt).toBe(NOW + 3 * MINUTE);
    expect(await fire(NOW + MINUTE)).toMatchObject({ count: 0 });
    expect(time.nowMs).toBe(NOW + MINUTE);
  });

  it('pauses and resumes it; occurrences of the pause do not run', async () => {
    const { ports, put, fire, bodies, time, stored } = opened();
    await put();
    await pauseSchedule(ports, name, { reason: 'audit', by: 'operator' });
    expect(await fire(NOW + HOUR)).toMatchObject({ count: 0 });
    expect(nextRuns(await stored(), NOW, 3)).toEqual([]);
    time.nowMs = NOW + 5 * HOUR + 1;
    await resumeSchedule(ports, name, 'operator');
    expect(await stored()).toMatchObject({ nextAt: NOW + 6 * HOUR });
    expect(nextRuns(await stored(), time.nowMs, 2)).toEqual([NOW + 6 * HOUR, NOW + 7 * HOUR]);
    expect(bodies()).toEqual([]);
  });

  it('runs it by hand, and the same request once', async () => {
    const { ports, put, bodies } = opened();
    await put();
    const ran = await runSchedule(ports, name, 'first');
    expect(await runSchedule(ports, name, 'first')).toEqual(ran);
    const [one, other] = bodies();
    expect(one).toEqual({
      specVersion: '1',
      tenantId: 'acme',
      ...job,
      idempotencyKey: 'schedule:nightly:run:first',
    });
    expect(other).toEqual(one);
    expect(ran).toEqual({ kind: 'sent', jobId: jobIdOf('acme', 'schedule:nightly:run:first') });
  });

  it('deletes it, and a new one of its name sends no occurrence again', async () => {
    const { ports, put, fire, bodies, stored } = opened({ ...hourly, cron: '* * * * *' });
    await put();
    await fire(NOW + 30_000);
    await deleteSchedule(ports, name, 'operator');
    expect(await getSchedule(ports, name)).toMatchObject({ kind: 'refused', problem: { code: 'not_found' } });
    expect(await listSchedules(ports, 'acme')).toEqual([]);
    expect(await fire(NOW + 60_000)).toMatchObject({ count: 0 });
    bodies();
    expect(await put({ job: { ...job, input: { title: 'New' } } })).toMatchObject({ kind: 'created' });
    expect((await stored()).nextAt).toBeGreaterThan(NOW + 2 * MINUTE);
  });

  it('reaches no schedule of another tenant', async () => {
    const { ports, put } = opened();
    await put();
    const foreign = { ...name, tenantId: 'globex' };
    const gone = { kind: 'refused', problem: { code: 'not_found' } };
    expect(await getSchedule(ports, foreign)).toMatchObject(gone);
    expect(await pauseSchedule(ports, foreign, { reason: 'x', by: 'operator' })).toMatchObject(gone);
    expect(await runSchedule(ports, foreign, 'x')).toMatchObject(gone);
    expect(await deleteSchedule(ports, foreign, 'operator')).toMatchObject(gone);
    expect(await getSchedule(ports, { ...name, scheduleId: '../nightly' })).toMatchObject(gone);
  });

  it('has a hundred schedules at most', async () => {
    const { ports } = opened();
    const putNth = (n: number) =>
      putSchedule(ports, { ...name, scheduleId: `s-${n}` }, JSON.stringify(hourly));
    for (let n = 0; n < 100; n++) expect(await putNth(n)).toMatchObject({ kind: 'created' });
    expect(await putNth(100)).toMatchObject({ problem: { code: 'schedules_quota' } });
    expect(await putNth(1)).toMatchObject({ kind: 'unchanged' });
    await deleteSchedule(ports, { ...name, scheduleId: 's-1' }, 'operator');
    expect(await putNth(100)).toMatchObject({ kind: 'created' });
  });
});

describe('a definition is refused', () => {
  const other = 's3://headgate-jobs/tenants/globex/inputs/a.csv';
  it.each([
    [{ cron: '61 * * * *' }, 'cron_invalid', '/cron'],
    [{ cron: '0 0 30 2 *' }, 'cron_never', '/cron'],
    [{ timeZone: 'Mars/Olympus' }, 'time_zone_unknown', '/timeZone'],
    [{ endAt: iso(NOW - HOUR) }, 'cron_never', '/cron'],
    [{ startAt: iso(NOW + HOUR), endAt: iso(NOW) }, 'time_range', '/endAt'],
    [{ startAt: 'tomorrow' }, 'field_invalid', '/startAt'],
    [{ overlap: 'wait' }, 'field_invalid', '/overlap'],
    [{ catchUpSeconds: 604_801 }, 'field_invalid', '/catchUpSeconds'],
    [{ jitterSeconds: 601 }, 'field_invalid', '/jitterSeconds'],
    [{ timezone: 'UTC' }, 'field_unknown', '/timezone'],
    [{ cron: undefined }, 'field_missing', '/cron'],
    [{ job: undefined }, 'field_missing', '/job'],
    [{ job: { ...job, idempotencyKey: 'a' } }, 'field_forbidden', '/job/idempotencyKey'],
    [{ job: { ...job, runAt: iso(NOW) } }, 'field_forbidden', '/job/runAt'],
    [{ job: { ...job, tenantId: 'globex' } }, 'field_forbidden', '/job/tenantId'],
    [{ job: { ...job, concurrencyKey: 'a' }, overlap: 'queue' }, 'field_forbidden', '/job/concurrencyKey'],
    [{ job: { ...job, jobType: 'no.such' } }, 'job_type_unknown', '/job/jobType'],
    [{ job: { ...job, input: { title: 7 } } }, 'input_invalid', '/job/input/title'],
    [{ job: { ...job, input: { source: other } } }, 'input_uri_forbidden', '/job/input/source'],
    [{ job: { ...job, metadata: { a: 'x'.repeat(5000) } } }, 'field_invalid', '/job/metadata'],
    [{ job: { ...job, input: { title: 'x'.repeat(33_000) } } }, 'body_too_large', '/job'],
  ])('%j', async (change, code, pointer) => {
    const { put } = opened();
    expect(await put(change)).toMatchObject({ kind: 'refused', problem: { code, pointer } });
  });

  it('of a suspended tenant, and of one that may not use the job type', async () => {
    const suspended = useCases({ tenants: [{ tenantId: 'acme', status: 'suspended' }] });
    expect(await putSchedule(suspended.ports, name, JSON.stringify(hourly))).toMatchObject({
      problem: { code: 'tenant_suspended', pointer: '' },
    });
    const limited = useCases({ tenants: [{ tenantId: 'acme', status: 'active', jobTypes: ['demo.sleep'] }] });
    expect(await putSchedule(limited.ports, name, JSON.stringify(hourly))).toMatchObject({
      problem: { code: 'job_type_forbidden', pointer: '/job/jobType' },
    });
  });

  it('that is no JSON, or whose id could be a key of another item', async () => {
    const { ports } = opened();
    expect(await putSchedule(ports, name, '{')).toMatchObject({ problem: { code: 'body_not_json' } });
    const strange = { ...name, scheduleId: 'a#b' };
    expect(await putSchedule(ports, strange, JSON.stringify(hourly))).toMatchObject({
      problem: { code: 'field_invalid', pointer: '/scheduleId' },
    });
  });
});

it('writes once for a firing', async () => {
  const { put, fire, ports } = opened();
  await put();
  let writes = 0;
  const counted = {
    ...ports,
    schedules: {
      ...ports.schedules,
      replace: (...given: Parameters<typeof ports.schedules.replace>) => {
        writes++;
        return ports.schedules.replace(...given);
      },
    },
  };
  await fireDueSchedules(counted, [{ schedule: name }], NOW + HOUR);
  expect(writes).toBe(1);
  expect(await fire(NOW + HOUR)).toMatchObject({ count: 0 });
});
