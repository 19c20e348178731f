/** Runs on Lambda: what `worker-api` makes of their words, and of records that Lambda leaves of them. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { failedRuns } from '../../../application/worker/failed-runs.ts';
import { CLAIM_WITHIN_MS, functionRunId } from '../../../domain/executor/executor.ts';
import type { JobRecord } from '../../../domain/job/job.ts';
import { type JobStore, jobStore } from '../../../io/table/jobs.ts';
import { setUp } from '../../local/gateway/set-up.ts';
import { BUCKET, type Change, FIRST, JOB_ID, jobIn, NOW, SECOND } from '../../support/jobs.ts';
import { createJobsTable } from '../../support/jobs-table.ts';
import { codeIn, openWorkerApi, ticketFor } from '../../support/worker-api.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
});
afterEach(() => cloud.close());

const RUN = functionRunId(FIRST);
const OTHER_RUN = functionRunId(SECOND);
const claimBy = NOW + CLAIM_WITHIN_MS;
const claimCall = {
  call: 'claim',
  ticket: ticketFor(),
  runId: RUN,
  try: 1,
  nonce: 'nonce-of-the-first',
};
const stored = async (): Promise<JobRecord> => (await jobs.get(JOB_ID)) as JobRecord; // given before

async function awaited(change: Change = {}) {
  const { runId: _, ...job } = jobIn('submitting', {
    jobType: 'csv.quick',
    input: { csv: `s3://${BUCKET}/tenants/acme/inputs/n.csv` },
    callOpen: true,
    claimBy,
    ...change,
  });
  await jobs.create(job);
  return openWorkerApi({ jobs });
}

async function claimed(change: Change = {}) {
  const api = await awaited(change);
  const answer = await api.send(claimCall);
  if (!('token' in answer)) throw new Error(JSON.stringify(answer));
  return { ...api, token: answer.token };
}

describe('the claim of a run', () => {
  test('needs no word of AWS Batch, says when it is over at the latest, and is published', async () => {
    const { published } = await claimed();
    expect(await stored()).toMatchObject({
      state: 'running',
      runId: RUN,
      startingAt: NOW,
      endsBy: NOW + (60 + 30 + 60) * 1000,
    });
    expect(published).toEqual(['job.running']);
  });

  test.each<[string, object, Change]>([
    ['of the other delivery of the event', { nonce: 'nonce-of-the-other' }, {}],
    ['of a second event', { runId: OTHER_RUN }, {}],
  ])('is not that %s', async (_, call, change) => {
    const { send } = await claimed(change);
    expect(codeIn(await send({ ...claimCall, ...call }))).toBe('superseded');
  });

  test.each<[string, object, Change]>([
    ['after its time', {}, { claimBy: NOW - 1 }],
    ['by a container of AWS Batch', { runId: FIRST }, {}],
    ['of an attempt on AWS Batch', {}, { claimBy: undefined }],
    ['of a second try', { try: 2 }, {}],
    ['of a job whose end was asked for', {}, { state: 'cancelling', ending: 'cancel' }],
  ])('is refused %s', async (_, call, change) => {
    const { send } = await awaited(change);
    expect(codeIn(await send({ ...claimCall, ...call }))).toBe('superseded');
  });

  test.each(['lambda:', 'lambda:x', `lambda:${FIRST}:1`, `LAMBDA:${FIRST}`, `pool:${FIRST}`])(
    'is refused as %s',
    async (runId) => {
      const { send } = await awaited();
      expect(codeIn(await send({ ...claimCall, runId }))).toBe('call_invalid');
    },
  );
});

test('what is no call is answered in lines to a program that asks for lines', async () => {
  expect(await openWorkerApi({ jobs }).lines({ call: 'nothing' })).toBe('status=400\ncode=call_invalid\n');
});

describe('the end of a run', () => {
  test('comes with its result, in one write, and is handed over', async () => {
    const { send, token, asked } = await claimed();
    const before = await stored();
    expect(await send({ call: 'complete', token, result: '{"rows":2}' })).toEqual({ status: 200 });
    const after = await stored();
    expect(after).toMatchObject({
      state: 'succeeded',
      result: { inline: { rows: 2 } },
      version: before.version + 1,
    });
    expect(after).not.toHaveProperty('endsBy');
    expect(after.endedAttempts).toEqual([
      expect.objectContaining({ runId: RUN, startedAt: NOW, endedAt: NOW, billedSeconds: 0 }),
    ]);
    expect(asked).toHaveLength(1);
  });

  test('is handed over again when its answer was lost, and changes nothing more', async () => {
    const { send, token, asked } = await claimed();
    await send({ call: 'complete', token, result: '1' });
    const before = await stored();
    expect(await send({ call: 'complete', token, result: '2' })).toEqual({ status: 200 });
    expect(await stored()).toEqual(before);
    expect(asked).toHaveLength(2);
  });

  test.each([
    ['for its time', 'timeout', { class: 'timeout', code: 'timed_out' }, 'retrying'],
    ['with a failure of its program', 1, { class: 'app_error', code: 'exit_code' }, 'retrying'],
    ['with a bad input', 64, { class: 'invalid_input', code: 'input_rejected' }, 'failed'],
  ] as const)('%s is that of an attempt', async (_, exit, failure, state) => {
    const { send, token, asked } = await claimed();
    const code = exit === 64 ? 'input_rejected' : 'exit_code';
    await send({ call: 'fail', token, code, message: 'It failed.', exit });
    expect(await stored()).toMatchObject({ state, failure });
    expect(asked).toHaveLength(1);
  });
});

describe('a record of a failed run', () => {
  const record = (requestId: string, more: object = {}, ticket = ticketFor()) => ({
    id: requestId,
    attributes: {},
    body: JSON.stringify({
      requestContext: { requestId, condition: 'RetriesExhausted' },
      requestPayload: { ticket, timeoutSeconds: 60 },
      responsePayload: { errorType: 'Runtime.ExitError', errorMessage: 'tenants/acme/secret.csv' },
      ...more,
    }),
  });
  const hear = async (api: Awaited<ReturnType<typeof awaited>>, message: ReturnType<typeof record>) => {
    expect([...(await failedRuns(api.ports)([message]))]).toEqual([message.id]);
    return stored();
  };

  test.each<[string, object, object]>([
    ['a crash', {}, { class: 'app_error', code: 'function_crashed' }],
    [
      'the end by Lambda',
      { responsePayload: { errorType: 'Sandbox.Timedout' } },
      { class: 'timeout', code: 'timed_out' },
    ],
    [
      'a process without memory',
      { responsePayload: { errorMessage: 'Runtime exited with error: signal: killed' } },
      { class: 'out_of_memory', code: 'out_of_memory' },
    ],
  ])('ends its attempt: %s', async (_, more, failure) => {
    const api = await claimed();
    const job = await hear(api, record(FIRST, more));
    expect(job).toMatchObject({ state: 'retrying', failure });
    expect(JSON.stringify(job.failure)).not.toContain('secret');
    expect(api.asked).toHaveLength(1);
  });

  test('ends an attempt that no run has claimed', async () => {
    expect(await hear(await awaited(), record(FIRST))).toMatchObject({ state: 'retrying' });
  });

  test.each<[string, ReturnType<typeof record>]>([
    ['of another run than that of the claim', record(SECOND)],
    [
      'of an event that was too old',
      record(FIRST, { requestContext: { requestId: FIRST, condition: 'EventAgeExceeded' } }),
    ],
    ['with a forged ticket', record(FIRST, {}, ticketFor().replace(/[^.]+$/, 'x'.repeat(43)))],
    ['with the ticket of another attempt', record(FIRST, {}, ticketFor(JOB_ID, 2))],
    ['that is none', { id: FIRST, attributes: {}, body: '{"source":"aws.batch"}' }],
  ])('changes nothing %s', async (_, message) => {
    const api = await claimed();
    const before = await stored();
    expect(await hear(api, message)).toEqual(before);
  });

  test('never takes a success back', async () => {
    const api = await claimed();
    await api.send({ call: 'complete', token: api.token, result: '1' });
    expect(await hear(api, record(FIRST))).toMatchObject({ state: 'succeeded' });
  });
});
