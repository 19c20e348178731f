/** The operations of operators on failed jobs. */
import * as z from 'zod';
import { JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { FailureClass } from '../../domain/job/job.ts';
import { FailedJobView, FailureGroupView } from '../../domain/reading/failure-view.ts';
import { JobSummary, JobView } from '../../domain/reading/job-view.ts';
import { ADMISSION, byJob } from './jobs.ts';
import { operations, READS_BODY } from './operation.ts';
import { Moment, Page } from './parameters.ts';

const Discarding = z.strictObject({ reason: z.string().min(1).max(256) });

const RedrivenDependents = z.object({
  items: z.array(JobSummary).describe('The jobs that run those again that failed.'),
  refused: z
    .array(z.object({ jobId: z.string(), code: z.string() }))
    .describe('Those that cannot be run again now, as a message could not.'),
  left: z.int().describe('How many are still to be run again.'),
});

/** Of all tenants, unless one is named. */
const FailureGroupQuery = Page.omit({ limit: true }).extend({
  tenant: TenantId.optional().describe('Of this tenant alone.'),
  type: JobTypeId.optional().describe('The job type.'),
  class: FailureClass.optional(),
  code: z.string().max(64).optional().describe('The error code.'),
  since: Moment.optional().describe('Failed at or after this time; 30 days ago if absent.'),
  until: Moment.optional().describe('Failed before this time; now if absent.'),
  open: z
    .literal('true')
    .optional()
    .describe('Without those that were run again or discarded since: the record of each is read.'),
});

const FailureListQuery = FailureGroupQuery.extend({
  limit: Page.shape.limit,
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{8}$/, 'expected the fingerprint of a group')
    .optional()
    .describe('Of one group.'),
});

const more = {
  next: z.string().optional().describe('Continues behind the failures that were read. Absent at their end.'),
  examined: z.int().describe('How many failures were read for this answer.'),
};
export const FailurePage = z.object({ items: z.array(FailedJobView), ...more });
export const FailureGroupPage = z.object({ items: z.array(FailureGroupView), ...more });

export const failedJobOperations = operations({
  listFailures: {
    method: 'get',
    path: '/v1/failures',
    tag: 'jobs',
    access: { kind: 'operator' },
    summary: 'List failed jobs, the newest first',
    description:
      'Of all tenants, for 30 days after they failed, each with the last lines that its container printed. A page ends at the limit or after 1,000 examined failures.',
    query: FailureListQuery,
    answers: { 200: { description: 'One page.', body: FailurePage } },
    problems: ['cursor_invalid'],
  },
  groupFailures: {
    method: 'get',
    path: '/v1/failures/groups',
    tag: 'jobs',
    access: { kind: 'operator' },
    summary: 'Count failed jobs by job type, class and code',
    description:
      'The largest group first. Up to 1,000 failures are counted; `next` counts those before them.',
    query: FailureGroupQuery,
    answers: { 200: { description: 'The groups.', body: FailureGroupPage } },
    problems: ['cursor_invalid'],
  },
  redriveJob: {
    method: 'post',
    path: '/v1/jobs/{jobId}/redrive',
    ...byJob,
    access: { kind: 'operator' },
    summary: 'Run a failed job again',
    description:
      'A failed job has one child: a repeat finds it. Its dead letter stays in the queue, without further effect.',
    problems: [...ADMISSION, 'not_found', 'state_conflict'],
    answers: {
      201: { description: 'The child was recorded.', body: JobView },
      200: { description: 'The child was there before.', body: JobView },
    },
  },
  redriveDependents: {
    method: 'post',
    path: '/v1/jobs/{jobId}/redrive-dependents',
    ...byJob,
    access: { kind: 'operator' },
    summary: 'Run the jobs again that failed with a job',
    description:
      'After the job itself was run again. All that depend on it and failed for that reason are run again, each after those that it waits for: up to 100 in one request. A repeat goes on with the rest.',
    problems: ['not_found', 'state_conflict'],
    answers: { 200: { description: 'What was run again.', body: RedrivenDependents } },
  },
  discardJob: {
    method: 'post',
    path: '/v1/jobs/{jobId}/discard',
    ...byJob,
    access: { kind: 'operator' },
    summary: 'Keep a failed job from running again',
    body: Discarding,
    problems: [...READS_BODY, 'not_found', 'state_conflict'],
    answers: { 200: { description: 'No copy of its dead letter runs it.', body: JobView } },
  },
});
