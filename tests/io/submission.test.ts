import { afterEach, beforeEach, expect, test } from '@jest/globals';
import * as z from 'zod';
import { type SubmissionPorts, stepSubmission } from '../../application/batch/submission.ts';
import { advance } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { defineJobTypes } from '../../domain/job/registry.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import { type JobStore, jobStore } from '../../io/table/jobs.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { context, JOB_ID, jobIn, NOW, reportType, types } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

const SETTLE_MS = 60_000;
const step = {
  asked: { tenantId: 'acme', jobId: JOB_ID, attempt: 1 },
  weight: 1,
  gate: undefined,
  holdsSlot: false,
} as const;

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
});
afterEach(() => cloud.close());

/** A clock that stands where the test puts it, and a Batch that answers as the test says and counts the calls of SubmitJob. */
function surroundings(listByName: BatchPort['listByName']) {
  const time = { nowMs: NOW };
  const submitted: string[] = [];
  const ports: SubmissionPorts = {
    jobs,
    dependants: { link: async () => undefined, watch: async () => undefined },
    groups: { get: async () => undefined, members: async () => ({ members: [] }) },
    batch: {
      listByName,
      submit: async ({ jobName }) => {
        submitted.push(jobName);
        return { kind: 'unknown', why: 'TimeoutError' };
      },
      describe: async () => new Map(),
      terminate: async () => undefined,
    },
    functions: { start: async () => ({ kind: 'unknown', why: 'TimeoutError' }) },
    limiter: { reserve: async () => ({ kind: 'at', atMs: time.nowMs }) },
    turns: { book: async (_, earliestMs) => earliestMs },
    slots: { acquire: async () => ({ kind: 'given', hasSlot: false }), release: async () => undefined },
    clock: { nowMs: () => time.nowMs, waitUntil: async () => undefined },
    random: { fraction: () => 0, token: () => 'token' },
    log: { info: () => undefined, error: () => undefined },
    types,
    targets: {
      queues: { standard: 'standard', economy: 'economy' },
      definitionOf: (jobType) => jobType,
      functionOf: (jobType: string) => jobType,
    },
    tickets: { sign: async () => 'ticket' },
    settleMs: SETTLE_MS,
  };
  return { ports, time, submitted };
}

test('a slow answer about one call does not close the next one, even when the job is overdue by then', async () => {
  const asksFrom = NOW + 10_000 + SETTLE_MS;
  const deadlineAt = asksFrom + 20_000;
  const open = jobIn('submitting', { deadlineAt });
  await jobs.create(open);
  const { ports, time, submitted } = surroundings(async () => {
    // While Batch takes its time, another handler is told that the call never arrived, and opens another.
    const absent = change(open, { kind: 'not_accepted', why: 'absent_in_batch' });
    const again = change(absent, { kind: 'call', deadlineAt: deadlineAt + 10_000, hasSlot: false });
    await jobs.replace(open, absent);
    await jobs.replace(absent, again);
    time.nowMs = deadlineAt + 1;
    return [];
  });
  time.nowMs = asksFrom;

  await stepSubmission(ports, step, open);
  expect(await jobs.get(JOB_ID)).toMatchObject({ state: 'cancelling', calls: 2, callOpen: true });
  expect(submitted).toEqual([]);
});

test('a job that waits while its schema is tightened fails without a call of SubmitJob (F84)', async () => {
  const waiting = jobIn('waiting', { input: { title: 'A long title' } });
  await jobs.create(waiting);
  const { ports, submitted } = surroundings(async () => []);
  const tightened = { ...reportType, input: z.strictObject({ title: z.string().max(5) }) };
  await stepSubmission({ ...ports, types: defineJobTypes([tightened]) }, step, waiting);
  expect(await jobs.get(JOB_ID)).toMatchObject({
    state: 'failed',
    failure: { class: 'invalid_input', code: 'input_invalid' },
  });
  expect(submitted).toEqual([]);
});

function change(job: JobRecord, observation: Parameters<typeof advance>[1]): JobRecord {
  const next = advance(job, observation, context);
  if (next === undefined)
    throw new Error(`A job that is ${job.state} takes no notice of ${observation.kind}`);
  return next;
}
