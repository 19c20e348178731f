/** Failed jobs over HTTP, for operators. */
import { describe, expect, it, test } from '@jest/globals';
import { failureRowOf } from '../../../domain/reading/failure-row.ts';
import { doors } from '../../support/doors.ts';
import { jobIn } from '../../support/jobs.ts';

const DAY_MS = 86_400_000;
const exit = {
  class: 'app_error',
  code: 'exit_code',
  message: 'The container ended with exit code 3.',
} as const;
const late = { class: 'timeout', code: 'timed_out', message: 'x' } as const;

/** Failures of three days: five of one kind, and between them one of another kind and tenant. */
async function withFailures() {
  const opened = doors();
  const { ports, time } = opened;
  for (const [n, letter] of [...'abcdef'].entries()) {
    const other = letter === 'c' ? { tenantId: 'globex', failure: late } : { failure: exit };
    const finishedAt = time.nowMs - n * (DAY_MS / 2);
    const job = jobIn('failed', { jobId: `job_${letter.repeat(26)}`, finishedAt, ...other });
    await ports.failures.record(failureRowOf(job, letter === 'a' ? ['Error: no rows', 'token=abc'] : []));
  }
  await opened.caughtUp();
  return opened;
}

describe('the list of failures', () => {
  it('has those of all tenants, the newest first, with the last lines of their logs', async () => {
    const { operate } = await withFailures();
    const { status, body } = await operate('/v1/failures');
    expect(status).toBe(200);
    expect(body.items.map(({ jobId }: { jobId: string }) => jobId[4])).toEqual([...'abcdef']);
    expect(body.items[0]).toMatchObject({ tail: ['Error: no rows', 'token=[removed]'], code: 'exit_code' });
    expect(body).toMatchObject({ examined: 6 });
    expect(body).not.toHaveProperty('next');
  });

  it('goes on page by page over the days, and a filter examines what it leaves out', async () => {
    const { operate } = await withFailures();
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages++) {
      const { body } = await operate(`/v1/failures?code=exit_code&limit=2${cursor}`);
      seen.push(...body.items.map(({ jobId }: { jobId: string }) => jobId[4]));
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(seen).toEqual([...'abdef']);
  });

  test.each([
    ['of a tenant', 'tenant=globex', 'c'],
    ['of a class', 'class=timeout', 'c'],
    ['of a job type that has none', 'type=csv.summarise', ''],
    ['of a time', `since=SINCE&until=UNTIL`, 'bc'],
  ])('may be %s', async (_, query, expected) => {
    const { operate, time } = await withFailures();
    const iso = (ms: number) => new Date(ms).toISOString();
    const asked = query
      .replace('SINCE', iso(time.nowMs - DAY_MS))
      .replace('UNTIL', iso(time.nowMs - DAY_MS / 2 + 1));
    const { body } = await operate(`/v1/failures?${asked}`);
    expect(body.items.map(({ jobId }: { jobId: string }) => jobId[4]).join('')).toBe(expected);
  });

  it('takes no cursor of another filter, and no tenant', async () => {
    const { operate, api } = await withFailures();
    const { body } = await operate('/v1/failures?limit=1');
    expect(await operate(`/v1/failures?limit=1&code=x&cursor=${body.next}`)).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid' },
    });
    expect(await api('/v1/failures')).toMatchObject({ status: 404 });
  });
});

it('failures are counted by job type, class and code', async () => {
  const { operate } = await withFailures();
  const { body } = await operate('/v1/failures/groups');
  expect(body).toMatchObject({
    examined: 6,
    items: [
      { code: 'exit_code', class: 'app_error', count: 5, tenants: 1 },
      { code: 'timed_out', class: 'timeout', count: 1, tenants: 1, newest: { tenantId: 'globex' } },
    ],
  });
  const { fingerprint } = body.items[1];
  expect((await operate(`/v1/failures?fingerprint=${fingerprint}`)).body.items).toHaveLength(1);
});

it('failures that were run again or discarded are left out where only open ones are asked for', async () => {
  const { operate, ports } = await withFailures();
  const failedAs = (letter: string, fields: object) =>
    ports.jobs.create(jobIn('failed', { jobId: `job_${letter.repeat(26)}`, failure: exit, ...fields }));
  await failedAs('a', {});
  await failedAs('b', { redrivenAs: `job_${'x'.repeat(26)}` });
  await failedAs('d', { discarded: { reason: 'known', at: 1 } });
  await failedAs('e', {});
  const open = await operate('/v1/failures?open=true');
  expect(open.body.items.map(({ jobId }: { jobId: string }) => jobId[4])).toEqual(['a', 'e']);
  expect(open.body.examined).toBe(6);
  const groups = await operate('/v1/failures/groups?open=true');
  expect(groups.body.items).toMatchObject([{ code: 'exit_code', count: 2 }]);
  expect((await operate('/v1/failures?open=yes')).status).toBe(400);
});
