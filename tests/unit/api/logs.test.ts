/** What programs printed, over HTTP: who reads which lines of it, page by page. */
import { expect, it, test } from '@jest/globals';
import type { JobChange, JobState } from '../../../domain/job/job.ts';
import type { LogPosition } from '../../../domain/reading/log-page.ts';
import type { LogPlace } from '../../../domain/reading/log-place.ts';
import type { LogPage } from '../../../io/aws/logs/log-pages.ts';
import { bearer, ownedKey, tokenOf } from '../../support/credentials.ts';
import { doors } from '../../support/doors.ts';
import { FIRST, JOB_ID, jobIn, NOW } from '../../support/jobs.ts';

const STREAM = 'work/default/1';
const LOGS = `/v1/jobs/${JOB_ID}/attempts/1/logs`;
const ended = (more: object = {}) => ({
  endedAttempts: [{ attempt: 1, runId: FIRST, endedAt: NOW, logStream: STREAM, ...more }],
});

/** A door over logs that answer with `page`, and one job. */
async function opened(
  state: JobState,
  change: JobChange,
  page: Partial<Extract<LogPage, { kind: 'page' }>> | Exclude<LogPage, { kind: 'page' }> = {},
) {
  const asked: { place: LogPlace; after: LogPosition | undefined; lines: number }[] = [];
  const door = doors({
    readLogPage: async (place, after, lines) => {
      asked.push({ place, after, lines });
      if (page.kind === 'missing' || page.kind === 'position_unknown') return page;
      return { kind: 'page', events: [], next: { token: 'f/7/s' }, isAtEnd: true, ...page };
    },
  });
  const owned = ownedKey();
  await door.keys.register(owned.key);
  await door.ports.jobs.create(jobIn(state, change));
  return {
    asked,
    wait: (ms: number) => {
      door.time.nowMs += ms;
    },
    byTenant: (path = LOGS, claims = {}) => door.api(path, { headers: bearer(tokenOf(owned, claims)) }),
    byOperator: (path = LOGS) => door.operate(path),
  };
}
const line = (message: string) => ({ events: [{ atMs: NOW, message }] });

it('a tenant and an operator read the lines of an attempt, and go on where they were', async () => {
  const { byTenant, byOperator, asked } = await opened('succeeded', ended(), line('begins'));
  const first = await byTenant();
  expect(first).toMatchObject({
    status: 200,
    body: { lines: [{ at: '2026-01-05T09:00:00.000Z', message: 'begins' }], next: expect.any(String) },
  });
  expect((await byOperator(`${LOGS}?limit=1000&after=${first.body.next}`)).status).toBe(200);
  expect(asked).toEqual([
    { place: { kind: 'stream', name: STREAM }, after: undefined, lines: 100 },
    { place: { kind: 'stream', name: STREAM }, after: { token: 'f/7/s' }, lines: 1000 },
  ]);
});

it('a log ends when its attempt is over, all was read, and no late line can come', async () => {
  const late = await opened('succeeded', ended());
  expect((await late.byTenant()).body).toEqual({ lines: [], next: expect.any(String) });
  late.wait(16_000);
  expect((await late.byTenant()).body).toEqual({ lines: [] });
  const more = await opened('succeeded', ended(), { isAtEnd: false });
  more.wait(16_000);
  expect((await more.byTenant()).body).toHaveProperty('next');
  const atWork = await opened('running', { logStream: STREAM });
  atWork.wait(16_000);
  expect((await atWork.byTenant()).body).toHaveProperty('next');
});

it('a tenant reads neither secrets, nor names of the account, nor what a terminal obeys', async () => {
  const said = '\u001b[31mpassword=hunter2 at arn:aws:s3:::b for 123456789012';
  const { byTenant, byOperator } = await opened('succeeded', ended(), line(said));
  expect((await byTenant()).body.lines[0].message).toBe('[31mpassword=[removed] at [removed] for [removed]');
  expect((await byOperator()).body.lines[0].message).toBe(
    '[31mpassword=hunter2 at arn:aws:s3:::b for 123456789012',
  );
});

it('of a run on Lambda, whose log is that of all tenants, a tenant reads what Lambda marks as its own', async () => {
  const json = (requestId: string, message: string) => JSON.stringify({ requestId, message });
  const events = [
    json(FIRST, 'mine'),
    json('other', `theirs, about ${FIRST}`),
    `no JSON, about ${FIRST}`,
    JSON.stringify({ type: 'platform.report', record: { requestId: FIRST, status: 'timeout' } }),
    JSON.stringify({ type: 'platform.start', record: { requestId: FIRST } }),
  ].map((message) => ({ atMs: NOW, message }));
  const next = { from: NOW, newest: NOW, given: 5 };
  const run = ended({ runId: `lambda:${FIRST}`, logStream: 'the log of a sandbox', startedAt: NOW });
  const { byTenant, asked } = await opened('succeeded', run, { events, next });
  const messages = (await byTenant()).body.lines.map(({ message }: { message: string }) => message);
  expect(messages).toEqual(['mine', 'Lambda ended the run: timeout']);
  expect(asked[0]?.place).toEqual({ kind: 'request', requestId: FIRST, fromMs: NOW - 120_000 });
});

test.each<
  [why: string, status: number, code: string, answer: () => Promise<{ status: number; body: unknown }>]
>([
  [
    'of a job type that shows them to operators alone',
    403,
    'logs_closed',
    async () => (await opened('succeeded', { ...ended(), jobType: 'anything.goes' })).byTenant(),
  ],
  [
    'of a job type that was removed',
    403,
    'logs_closed',
    async () => (await opened('succeeded', { ...ended(), jobType: 'was.removed' })).byTenant(),
  ],
  ['of a job that waits', 409, 'logs_not_yet', async () => (await opened('waiting', {})).byTenant()],
  [
    'of a container that AWS Batch has not named',
    409,
    'logs_not_yet',
    async () => (await opened('running', {})).byTenant(),
  ],
  [
    'that a container at work has not begun',
    409,
    'logs_not_yet',
    async () => (await opened('running', { logStream: STREAM }, { kind: 'missing' })).byTenant(),
  ],
  [
    'that are gone',
    410,
    'logs_expired',
    async () => (await opened('succeeded', ended(), { kind: 'missing' })).byTenant(),
  ],
  [
    'of an attempt that had no container',
    410,
    'logs_expired',
    async () => (await opened('failed', ended({ logStream: undefined }))).byTenant(),
  ],
  [
    'of an attempt that is not there',
    404,
    'not_found',
    async () => (await opened('succeeded', ended())).byTenant(LOGS.replace('attempts/1', 'attempts/2')),
  ],
  [
    'of an attempt that is no number',
    404,
    'not_found',
    async () => (await opened('succeeded', ended())).byTenant(LOGS.replace('attempts/1', 'attempts/1e0')),
  ],
  [
    'of attempt 0',
    404,
    'not_found',
    async () => (await opened('succeeded', ended())).byTenant(LOGS.replace('attempts/1', 'attempts/0')),
  ],
  [
    'after text that is no cursor',
    400,
    'cursor_invalid',
    async () => (await opened('succeeded', ended())).byTenant(`${LOGS}?after=f%2F0`),
  ],
  [
    'in pages of 1,001',
    400,
    'parameter_invalid',
    async () => (await opened('succeeded', ended())).byTenant(`${LOGS}?limit=1001`),
  ],
  [
    'with a token for jobs alone',
    403,
    'scope_missing',
    async () => (await opened('succeeded', ended())).byTenant(LOGS, { scope: 'jobs:read' }),
  ],
  [
    'of another job than that of the token',
    404,
    'not_found',
    async () => (await opened('succeeded', ended())).byTenant(LOGS, { job: `job_${'b'.repeat(26)}` }),
  ],
])('lines %s are refused', async (_, status, code, answer) => {
  expect(await answer()).toMatchObject({ status, body: { code } });
});

it('an operator reads the logs of every job type', async () => {
  const { byOperator } = await opened('succeeded', { ...ended(), jobType: 'anything.goes' }, line('begins'));
  expect((await byOperator()).body.lines).toHaveLength(1);
});

it('a cursor of another log, of another kind of log, or that CloudWatch Logs does not know, is refused (M57)', async () => {
  const { byTenant } = await opened('succeeded', ended());
  const { next } = (await byTenant()).body;
  const other = await opened('succeeded', ended({ logStream: 'work/default/2' }));
  const run = await opened('succeeded', ended({ runId: `lambda:${FIRST}` }));
  const gone = await opened('succeeded', ended(), { kind: 'position_unknown' });
  for (const door of [other, run, gone])
    expect(await door.byTenant(`${LOGS}?after=${next}`)).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid' },
    });
});
