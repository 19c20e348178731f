/** The operations on jobs. */
import * as z from 'zod';
import { type ErrorCode, errorCatalogue } from '../../domain/errors.ts';
import { JobSummary, JobView } from '../../domain/reading/job-view.ts';
import { TimelineEntry } from '../../domain/reading/timeline.ts';
import { WaitView } from '../../domain/reading/wait-view.ts';
import { JobRequest } from '../../domain/request/request.ts';
import { operations } from './operation.ts';
import { JobListQuery, OfTenant } from './parameters.ts';

/** What admission may say of a request, whichever door it came through. */
export const ADMISSION = Object.entries(errorCatalogue).flatMap(
  ([code, { about }]) => (about === 'message' ? [code as ErrorCode] : []), // its own keys
);

/** The message of the front queue without the tenant, which the credential names. */
export const Submission = JobRequest.omit({ tenantId: true, action: true }).partial({ specVersion: true });

export const Created = z.object({
  id: z.string(),
  state: JobSummary.shape.state,
});

export const JobPage = z.object({
  items: z.array(JobSummary),
  next: z
    .string()
    .optional()
    .describe('Continues the list. Absent at its end; a page without items may have it.'),
  examined: z.int().describe('How many records were read for this page.'),
});

export const Timeline = z.object({ items: z.array(TimelineEntry) });

export const byJob = { tag: 'jobs', query: OfTenant, problems: ['not_found'] } as const;
const toReadJob = { kind: 'tenant', scope: 'jobs:read', narrowing: 'job' } as const;

export const jobOperations = operations({
  submitJob: {
    method: 'post',
    path: '/v1/jobs',
    tag: 'jobs',
    access: { kind: 'tenant', scope: 'jobs:create', narrowing: 'creation' },
    summary: 'Start a job',
    description:
      'The body is the message of the front queue without tenantId. The idempotency key, in the header or in the body, makes a repeat find the job of the first request, which is safe after a lost answer. Exactly one of input and inputRef, and at most one of runAt and delaySeconds, is given.',
    query: OfTenant,
    headers: ['Idempotency-Key'],
    body: Submission,
    answers: {
      201: { description: 'The job was recorded.', body: Created },
      200: {
        description: 'The same request was sent before; this is its job.',
        body: Created,
        headers: ['Idempotent-Replayed'],
      },
    },
    problems: [...ADMISSION, 'idempotency_key_missing', 'content_type'],
  },
  listJobs: {
    method: 'get',
    path: '/v1/jobs',
    tag: 'jobs',
    access: { kind: 'tenant', scope: 'jobs:read', narrowing: 'list' },
    summary: 'List jobs, the newest first',
    description:
      'A parameter tag.<name>=<value> selects jobs with this tag; several must all be there. A page ends at the limit or after 1,000 examined records. A job of the last second may be missing. Operators name the tenant.',
    query: JobListQuery,
    answers: { 200: { description: 'One page.', body: JobPage } },
    problems: ['cursor_invalid'],
  },
  getJob: {
    method: 'get',
    path: '/v1/jobs/{jobId}',
    ...byJob,
    access: toReadJob,
    summary: 'Read a job',
    headers: ['If-None-Match'],
    answers: {
      200: { description: 'The job.', body: JobView, headers: ['ETag'] },
      304: { description: 'It is as it was when the given ETag was read.' },
    },
  },
  explainJob: {
    method: 'get',
    path: '/v1/jobs/{jobId}/why',
    ...byJob,
    access: toReadJob,
    summary: 'Ask why a job has not begun',
    answers: { 200: { description: 'What it waits for.', body: WaitView } },
  },
  getJobTimeline: {
    method: 'get',
    path: '/v1/jobs/{jobId}/timeline',
    ...byJob,
    access: toReadJob,
    summary: 'Read what happened to a job',
    description: 'The oldest entry first, with the webhooks of the state that the job is in.',
    answers: { 200: { description: 'The timeline.', body: Timeline } },
  },
  cancelJob: {
    method: 'post',
    path: '/v1/jobs/{jobId}/cancel',
    ...byJob,
    access: { kind: 'tenant', scope: 'jobs:cancel', narrowing: 'job' },
    summary: 'End a job',
    description:
      'Of a failed job that was run again, the newest of its redrives is ended. A repeat changes nothing.',
    answers: {
      200: { description: 'The job is over.', body: JobView },
      202: { description: 'Its container is being ended.', body: JobView },
    },
  },
});
