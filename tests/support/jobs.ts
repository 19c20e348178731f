/** Requests, job types and records for tests: valid as they come, changed where a test cares. */
import * as z from 'zod';
import type { Container, Size } from '../../domain/container/container.ts';
import type { Instances } from '../../domain/container/instances.ts';
import type { Context } from '../../domain/job/advance.ts';
import type { JobChange, JobState } from '../../domain/job/job.ts';
import { JobRecord as JobRecordSchema } from '../../domain/job/job.ts';
import { type JobType, workerExitCodes } from '../../domain/job/job-type.ts';
import { isWhole, type Parts, type WholeJob } from '../../domain/job/parts.ts';
import { defineJobTypes } from '../../domain/job/registry.ts';
import { newJob } from '../../domain/request/admission.ts';
import type { JobRequest } from '../../domain/request/request.ts';

export const NOW = Date.UTC(2026, 0, 5, 9);
export const BUCKET = 'headgate-jobs';
export const JOB_ID = `job_${'a'.repeat(26)}`;
/** Two Batch jobs that may exist for one attempt. */
export const FIRST = '6f1c1b0e-1111-4222-8333-444455556666';
export const SECOND = 'a2d90d7e-7777-4888-9999-000011112222';
/** As the record keeps it. */
export const NONCE = 'n'.repeat(26);

export const reportType: JobType = {
  id: 'report.render',
  summary: 'Renders a report.',
  input: z.strictObject({
    title: z.string().max(80).optional(),
    source: z.string().optional(),
    format: z.enum(['pdf', 'html']).optional(),
    pages: z.array(z.strictObject({ rows: z.array(z.int()) })).optional(),
  }),
  container: {
    image: { architecture: 'arm64', folder: 'worker' },
    command: ['report'],
    size: { vcpus: 1, memoryMiB: 2048 },
  },
  queue: 'standard',
  timeoutSeconds: { default: 300, max: 900 },
  retry: {
    maxAttempts: 3,
    maxAttemptsOf: { timeout: 1, out_of_memory: 2 },
    backoff: { initialSeconds: 10, factor: 3, maxSeconds: 60 },
  },
  exitCodes: workerExitCodes,
  promisesResult: true,
};

export const withSize = (size: Size): JobType => ({
  ...reportType,
  container: { ...reportType.container, size },
});

/** The same for instances of EC2, with an image for their processor. */
export const onInstances = (
  instances: Instances,
  size: Size,
  container: Partial<Container> = {},
): JobType => ({
  ...reportType,
  container: {
    ...reportType.container,
    image: { architecture: 'x86_64', folder: 'worker' },
    size,
    instances,
    ...container,
  },
});

/** Lets the tenant name anything: what keeps tenants apart must hold without the schema's help. */
const looseType: JobType = { ...reportType, id: 'anything.goes', input: z.looseObject({}) };
export const types = defineJobTypes([reportType, looseType]);

export const context: Context = { nowMs: NOW + 1000, policy: reportType, random: 0 };

export function aRequest(change: Partial<JobRequest> = {}): JobRequest {
  return { specVersion: '1', tenantId: 'acme', jobType: reportType.id, input: {}, ...change };
}

/** Freshly accepted. */
export function aJob(change: Change = {}): WholeJob {
  const identity = { jobId: JOB_ID, idempotencyKey: 'report-42', fingerprint: 'f'.repeat(26) };
  const job = JobRecordSchema.parse({ ...newJob(aRequest(), identity, NOW), ...change });
  if (!isWhole(job)) throw new Error('a new job has all of its parts');
  return job;
}

/** A test may give a record other parts. */
export type Change = JobChange & { readonly [Name in keyof Parts]?: Parts[Name] | undefined };

const failure = { class: 'app_error', code: 'exit_code', message: 'The container ended badly.' } as const;
const inBatch = { calls: 1, waitReason: undefined, runId: FIRST };
const running = {
  ...inBatch,
  order: { tries: 0, rank: 3 },
  claim: { runId: FIRST, try: 1, nonce: NONCE },
  startedAt: NOW,
};
const ended = {
  ...running,
  order: { tries: 1, rank: 9 },
  endedAttempts: [{ attempt: 1, runId: FIRST, endedAt: NOW }],
};

const marks: Record<JobState, JobChange> = {
  scheduled: {},
  blocked: {},
  waiting: {},
  submitting: { calls: 1, waitReason: undefined, callOpen: true, callDeadlineAt: NOW + 10_000 },
  submitted: { ...inBatch, order: { tries: 0, rank: 1 } },
  starting: { ...inBatch, order: { tries: 0, rank: 2 } },
  running,
  retrying: { ...ended, failure, nextAttemptAt: NOW + 10_000 },
  cancelling: running,
  succeeded: { ...ended, result: { inline: { pages: 3 } }, finishedAt: NOW },
  failed: { ...ended, failure, finishedAt: NOW },
  cancelled: { finishedAt: NOW },
  expired: { finishedAt: NOW },
};

/** A record as it looks in the given state, at version 5, entered at version 4. */
export function jobIn(state: JobState, change: Change = {}): WholeJob {
  return aJob({ version: 5, stateVersion: 4, ...marks[state], state, ...change });
}
