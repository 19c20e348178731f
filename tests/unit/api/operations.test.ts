/** Operations over HTTP, and the slices that carry them out. */
import { describe, expect, it, test } from '@jest/globals';
import { jobIdOf } from '../../../application/job/identity.ts';
import { operationWorker } from '../../../application/operation/carry-out.ts';
import { resumeDueOperations } from '../../../application/repair/due-operations.ts';
import { type OperationMessage, SubmitQueueMessage } from '../../../domain/batch/messages.ts';
import { isFinal, JobState } from '../../../domain/job/job.ts';
import { UnfinishedState } from '../../../domain/operation/operation.ts';
import { failureRowOf } from '../../../domain/reading/failure-row.ts';
import { type Asking, doors, OPERATOR_ARN } from '../../support/doors.ts';
import { aRequest, jobIn } from '../../support/jobs.ts';

const idOf = (letter: string) => `job_${letter.repeat(26)}`;
const exit = { class: 'app_error', code: 'exit_code', message: 'The container ended with 3.' } as const;

const { jobType, input } = aRequest();
const submission = { jobType, input };

/** Accepted and failed, as if it had run. */
async function addFailed({ operate, ports }: ReturnType<typeof doors>, letter: string, finishedAt: number) {
  const tenantId = letter === 'c' ? 'globex' : 'acme';
  const body = { ...submission, idempotencyKey: `report-${letter}` };
  const made = await operate(`/v1/jobs?tenant=${tenantId}`, { method: 'POST', body });
  const job = await ports.jobs.get(made.body.id);
  if (job === undefined) throw new Error(made.text);
  const failed = { ...job, state: 'failed', failure: exit, finishedAt, version: 2 } as const;
  await ports.jobs.replace(job, failed);
  await ports.failures.record(failureRowOf(failed, []));
}

const jobNamed = (letter: string) => jobIdOf(letter === 'c' ? 'globex' : 'acme', `report-${letter}`);

/** Five failed jobs, one of them of another tenant; each a second older than the one before. */
async function withFailures(count = 5) {
  const opened = doors();
  const { ports, time, sent, operate } = opened;
  for (const [n, letter] of [...'abcde'].slice(0, count).entries()) {
    await addFailed(opened, letter, time.nowMs - (n + 1) * 1000);
  }
  await opened.caughtUp();
  // What was recorded in this moment does not count: it may be the work of the operation itself.
  time.nowMs += 1000;
  const worker = operationWorker(ports);
  /** The messages of operations that were sent, and not yet taken. */
  const messages = (): OperationMessage[] =>
    sent.submit.taken.splice(0).flatMap(({ body }) => {
      const message = SubmitQueueMessage.parse(JSON.parse(body));
      return 'operation' in message ? [message] : [];
    });
  return {
    ...opened,
    worker,
    messages,
    start: (body: object, key = 'bulk-1'): ReturnType<typeof operate> =>
      operate('/v1/operations', startOf(body, key)),
    /** Slice after slice until nothing more is sent. @returns how many there were */
    async carriedOut(): Promise<number> {
      for (let slices = 0; ; slices++) {
        const [message] = messages();
        if (message === undefined) return slices;
        await worker(message);
      }
    },
    read: async (id: string) => (await operate(`/v1/operations/${id}`)).body,
    hasChild: async (letter: string) => (await ports.jobs.get(jobNamed(letter)))?.redrivenAs !== undefined,
  };
}

function startOf(body: object, key: string | undefined): Asking {
  return { method: 'POST', body, headers: key === undefined ? {} : { 'Idempotency-Key': key } };
}

const REDRIVE = { kind: 'redrive', filter: {} };

describe('a redrive of all failed jobs', () => {
  it('runs each again in slices of a second, and says what it did and who asked', async () => {
    const { start, carriedOut, read, hasChild } = await withFailures();
    const { status, body } = await start({ ...REDRIVE, perSecond: 2 });
    expect([status, body.state, body.by]).toEqual([202, 'running', OPERATOR_ARN]);
    expect(await carriedOut()).toBe(3);
    expect(await read(body.id)).toMatchObject({
      state: 'finished',
      done: 5,
      repeated: 0,
      refused: 0,
      examined: 5,
    });
    expect(await Promise.all([...'abcde'].map(hasChild))).toEqual([true, true, true, true, true]);
  });

  it('leaves the jobs of other tenants alone when one is named', async () => {
    const { start, carriedOut, read, hasChild } = await withFailures();
    const { body } = await start({ kind: 'redrive', filter: { tenant: 'acme' } });
    await carriedOut();
    expect(await read(body.id)).toMatchObject({ done: 4, filter: { tenant: 'acme' } });
    expect(await hasChild('c')).toBe(false);
  });

  it('ends at the number that was asked for', async () => {
    const { start, carriedOut, read } = await withFailures();
    const { body } = await start({ ...REDRIVE, perSecond: 2, max: 3 });
    await carriedOut();
    expect(await read(body.id)).toMatchObject({ state: 'finished', done: 3 });
  });

  it('counts what is refused by its code, and goes on', async () => {
    const { start, carriedOut, read, ports } = await withFailures();
    await ports.tenants.put({ tenantId: 'globex', status: 'suspended' });
    const { body } = await start(REDRIVE);
    await carriedOut();
    expect(await read(body.id)).toMatchObject({ done: 4, refused: 1, codes: { tenant_suspended: 1 } });
  });

  it('does not run again what fails after it was asked for', async () => {
    const opened = await withFailures(1);
    const { start, carriedOut, read, time } = opened;
    const { body } = await start(REDRIVE);
    await addFailed(opened, 'h', opened.time.nowMs + 5);
    time.nowMs += 10_000;
    await carriedOut();
    expect(await read(body.id)).toMatchObject({ done: 1 });
  });

  it('does nothing twice when a slice is done again, and has one slice that goes on', async () => {
    const { start, messages, worker, read } = await withFailures();
    const { body } = await start({ ...REDRIVE, perSecond: 25 });
    const [message] = messages();
    if (message === undefined) throw new Error('No message was sent');
    await Promise.all([worker(message), worker(message)]);
    await worker(message);
    expect(messages()).toEqual([]);
    const { done, repeated, state } = await read(body.id);
    expect([state, done + repeated]).toEqual(['finished', 5]);
  });
});

it('an operation whose message was lost is resumed by reconcile, and its old message has no effect then', async () => {
  const { start, messages, worker, carriedOut, ports, time, read } = await withFailures();
  const { body } = await start(REDRIVE);
  const [lost] = messages();
  const item = { operationId: body.id };
  expect(await resumeDueOperations(ports, [item])).toMatchObject({ count: 0, idle: [item] });
  time.nowMs += 120_001;
  expect(await resumeDueOperations(ports, [item])).toMatchObject({ count: 1, idle: [] });
  if (lost !== undefined) await worker(lost);
  expect(await read(body.id)).toMatchObject({ state: 'running', done: 0 });
  await carriedOut();
  expect(await read(body.id)).toMatchObject({ state: 'finished', done: 5 });
});

it('a cancel finishes the slice that may be under way, and nothing more is done', async () => {
  const { start, messages, worker, operate, carriedOut, read } = await withFailures();
  const { body } = await start({ ...REDRIVE, perSecond: 2 });
  const [first] = messages();
  if (first !== undefined) await worker(first);
  messages();
  const asked = await operate(`/v1/operations/${body.id}/cancel`, { method: 'POST' });
  expect([asked.status, asked.body.state]).toEqual([202, 'cancelling']);
  await carriedOut();
  expect(await read(body.id)).toMatchObject({ state: 'cancelled', done: 4, endedAt: expect.any(String) });
  const again = await operate(`/v1/operations/${body.id}/cancel`, { method: 'POST' });
  expect([again.status, again.body.state]).toEqual([200, 'cancelled']);
});

it('a cancel of all jobs of a tenant ends those that are not over, and no other tenant’s', async () => {
  const { ports, start, carriedOut, read, caughtUp } = await withFailures(1);
  for (const [letter, tenantId] of [
    ['p', 'acme'],
    ['q', 'acme'],
    ['r', 'globex'],
  ] as const)
    await ports.jobs.create(jobIn('waiting', { jobId: idOf(letter), tenantId }));
  await caughtUp();
  const { body } = await start({ kind: 'cancel', filter: { tenant: 'acme', state: 'waiting' } });
  await carriedOut();
  expect(await read(body.id)).toMatchObject({ state: 'finished', done: 2 });
  const states = await Promise.all(
    [...'pqr'].map(async (letter) => (await ports.jobs.get(idOf(letter)))?.state),
  );
  expect(states).toEqual(['cancelled', 'cancelled', 'waiting']);
});

describe('a request that is sent again', () => {
  it('finds the operation of the first one, and starts no second', async () => {
    const { start, operate } = await withFailures();
    const first = await start(REDRIVE);
    const again = await start(REDRIVE);
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect((await operate('/v1/operations')).body.items).toHaveLength(1);
  });

  it('is refused when it asks for something else, and without a key', async () => {
    const { start, operate } = await withFailures();
    await start(REDRIVE);
    const other = await start({ ...REDRIVE, perSecond: 3 });
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_conflict']);
    const keyless = await operate('/v1/operations', startOf(REDRIVE, undefined));
    expect([keyless.status, keyless.body.code]).toEqual([400, 'idempotency_key_missing']);
  });
});

it('a preview counts and does nothing', async () => {
  const { operate, messages, hasChild } = await withFailures();
  const { status, body } = await operate('/v1/operations:preview', startOf(REDRIVE, undefined));
  expect([status, body]).toEqual([200, { matches: 5, examined: 5, more: false }]);
  expect(messages()).toEqual([]);
  expect(await hasChild('a')).toBe(false);
});

test.each<[string, object, string, string]>([
  ['a kind that there is not', { kind: 'delete', filter: {} }, 'field_invalid', '/kind'],
  [
    'a field of another kind',
    { kind: 'redrive', filter: { state: 'waiting' } },
    'field_unknown',
    '/filter/state',
  ],
  ['a field that there is not', { kind: 'redrive', filter: { typo: 1 } }, 'field_invalid', '/filter'],
  ['a cancel of all tenants', { kind: 'cancel', filter: {} }, 'field_missing', '/filter/tenant'],
  [
    'a cancel of jobs that are over',
    { kind: 'cancel', filter: { tenant: 'acme', state: 'failed' } },
    'field_invalid',
    '/filter/state',
  ],
  [
    'a replay without an endpoint',
    { kind: 'replay', filter: { tenant: 'acme' } },
    'field_missing',
    '/filter/endpoint',
  ],
  ['more a second than one sandbox does', { ...REDRIVE, perSecond: 26 }, 'field_invalid', '/perSecond'],
  [
    'a time that is to come',
    { kind: 'redrive', filter: { since: '2099-01-01T00:00:00Z' } },
    'time_range',
    '/filter/since',
  ],
  ['no filter', { kind: 'redrive' }, 'field_missing', '/filter'],
])('%s is refused, with the place of the fault', async (_, body, code, pointer) => {
  const { start } = await withFailures(0);
  const answer = await start(body);
  expect(answer.status).toBe(400);
  expect(answer.body.errors).toEqual([expect.objectContaining({ code, pointer })]);
});

it('an id that is none, or has no operation, is not found', async () => {
  const { operate } = await withFailures(0);
  for (const id of ['op_x', `op_${'a'.repeat(26)}`, '..%2Fjobs'])
    expect((await operate(`/v1/operations/${id}`)).status).toBe(404);
});

it('each state that is not final can be cancelled, but the one that already is', () => {
  const unfinished = JobState.options.filter((state) => !isFinal(state) && state !== 'cancelling');
  expect(UnfinishedState.options).toEqual(unfinished);
});
