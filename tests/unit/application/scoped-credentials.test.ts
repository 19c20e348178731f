/** Credentials for the objects of a tenant: who gets them from `worker-api`, and when. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { JobRecord } from '../../../domain/job/job.ts';
import type { WorkerAnswer } from '../../../domain/worker/calls.ts';
import { type JobStore, jobStore } from '../../../io/table/jobs.ts';
import { jobTypes } from '../../../job-types.ts';
import { setUp } from '../../local/gateway/set-up.ts';
import { FIRST, JOB_ID, jobIn, SECOND } from '../../support/jobs.ts';
import { createJobsTable } from '../../support/jobs-table.ts';
import { codeIn, openWorkerApi, ticketFor } from '../../support/worker-api.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
  await jobs.create(jobIn('submitted', { jobType: 'csv.summarise', input: {}, claim: undefined }));
});
afterEach(() => cloud.close());

const claimCall = { call: 'claim', ticket: ticketFor(), runId: FIRST, try: 1, nonce: 'nonce-of-the-first' };
const tokenIn = (answer: WorkerAnswer) => ('token' in answer ? answer.token : undefined);

describe('credentials for the objects of the tenant', () => {
  const asking = new Map(
    [...jobTypes].map(([id, type]) => [id, { ...type, scopedCredentials: true }] as const),
  );

  test('are in the answer to a claim whose job type asks for them, for the tenant and the try of the record', async () => {
    const { send } = openWorkerApi({ jobs, types: asking });
    expect(await send(claimCall)).toMatchObject({
      credentials: { accessKeyId: `acme-${JOB_ID}-${FIRST}`, sessionToken: 'session' },
    });
  });

  test('are renewed with the task token, and not with each heartbeat', async () => {
    const { send, time } = openWorkerApi({ jobs, types: asking });
    const token = tokenIn(await send(claimCall));
    expect(await send({ call: 'heartbeat', token })).not.toHaveProperty('credentials');
    time.nowMs += 1_860_000;
    expect(await send({ call: 'heartbeat', token })).toMatchObject({
      token: expect.any(String),
      credentials: { expiresAt: new Date(time.nowMs + 3_600_000).toISOString() },
    });
  });

  test('are in no answer where the job type does not ask for them', async () => {
    const answer = await openWorkerApi({ jobs }).send(claimCall);
    expect(answer).toMatchObject({ status: 200 });
    expect(answer).not.toHaveProperty('credentials');
  });

  test('are in no answer to a container that does not hold the claim', async () => {
    const { send, time } = openWorkerApi({ jobs, types: asking });
    const token = tokenIn(await send(claimCall));
    expect(await send({ ...claimCall, nonce: 'nonce-of-a-thief-0' })).not.toHaveProperty('credentials');
    const job = (await jobs.get(JOB_ID)) as JobRecord; // recorded before
    await jobs.replace(job, { ...job, claim: { runId: SECOND, try: 1, nonce: 'another' } });
    time.nowMs += 1_860_000;
    expect(codeIn(await send({ call: 'heartbeat', token }))).toBe('superseded');
  });
});
