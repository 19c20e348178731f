/** The operations on jobs. */
import * as z from 'zod';
import { type ErrorCode, errorCatalogue } from '../../domain/errors.ts';
import { JobSummary, JobView } from '../../domain/reading/job-view.ts';
import { TimelineEntry } from '../../domain/reading/timeline.ts';
import { WaitView } from '../../domain/reading/wait-view.ts';
import { MAX_BATCH, MAX_BATCH_BYTES } from '../../domain/request/batch.ts';
import { JobRequest } from '../../domain/request/request.ts';
import { operations, READS_BODY } from './operation.ts';
import { JobListQuery, OfTenant } from './parameters.ts';
import { ProblemBody } from './problem.ts';

/** What admission may say of a request, whichever door it came through. */
export const ADMISSION = Object.entries(errorCatalogue).flatMap(
  ([code, { about }]) => (about === 'message' ? [code as ErrorCode] : []), // its own keys
);

/** What may be wrong with the JSON of any body. */
const OF_JSON = [
  'json_too_deep',
  'json_too_many_keys',
  'json_duplicate_key',
  'json_forbidden_key',
  'number_range',
] as const satisfies readonly ErrorCode[];

/** The message of the front queue without the tenant, which the credential names. */
export const Submission = JobRequest.omit({ tenantId: true, action: true }).partial({ specVersion: true });

export const Created = z.object({
  id: z.string(),
  state: JobSummary.shape.state,
});

/** The requests, each with its own idempotency key. */
export const SubmissionBatch = z.strictObject({
  jobs: z.array(Submission).min(1).max(MAX_BATCH),
});

/** The answer to one request: that of `POST /v1/jobs`, or its refusal. */
export const BatchResult = z.object({
  /** That the request would have been answered with alone: 201, 200 for a repeat, or the status of the problem. */
  status: z.int(),
  id: z.string().optional(),
  state: JobSummary.shape.state.optional(),
  problem: ProblemBody.optional(),
});

export const BatchResults = z.object({
  results: z.array(BatchResult).describe('In the order of the requests.'),
});

/** What would become of a request. */
export const Verdict = z.object({
  /** `accepted`; `known`, when the request was sent before; or `refused`. Later versions may know more. */
  verdict: z.string(),
  /** One sentence. */
  text: z.string(),
  /** The id that the job would have, or has. */
  id: z.string().optional(),
  /** In which it would begin, or is. */
  state: JobSummary.shape.state.optional(),
  /** That it would have: a tenant may have a ceiling. */
  priority: JobSummary.shape.priority.optional(),
  /** Of an accepted request: what its job would wait for. */
  wait: WaitView.optional(),
  /** Of a refused one: what `POST /v1/jobs` would answer. */
  problem: ProblemBody.optional(),
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
    headers: ['Idempotency-Key', 'traceparent'],
    body: Submission,
    answers: {
      201: { description: 'The job was recorded.', body: Created, headers: ['traceparent'] },
      200: {
        description: 'The same request was sent before; this is its job.',
        body: Created,
        headers: ['Idempotent-Replayed', 'traceparent'],
      },
    },
    problems: [...ADMISSION, 'idempotency_key_missing', 'content_type'],
  },
  submitJobs: {
    method: 'post',
    path: '/v1/jobs:batch',
    tag: 'jobs',
    access: { kind: 'tenant', scope: 'jobs:create', narrowing: 'creation' },
    summary: 'Start up to 100 jobs',
    description:
      'Each request is admitted, recorded or refused by itself, as if it had been sent alone to /v1/jobs, and has its idempotency key in its body. After a lost answer the same batch is sent again: the jobs of the first one are found. The body has at most 4 MiB.',
    query: OfTenant,
    body: SubmissionBatch,
    answers: { 200: { description: 'An answer for each request, in their order.', body: BatchResults } },
    problems: [...READS_BODY, ...OF_JSON],
    maxBodyBytes: MAX_BATCH_BYTES,
  },
  checkJob: {
    method: 'post',
    path: '/v1/jobs:check',
    tag: 'jobs',
    access: { kind: 'tenant', scope: 'jobs:create', narrowing: 'creation' },
    summary: 'Ask what would become of a job',
    description:
      'The body is that of POST /v1/jobs. Nothing is recorded: the answer is what admission would say now, and what the job would wait for.',
    query: OfTenant,
    headers: ['Idempotency-Key'],
    body: Submission,
    answers: { 200: { description: 'The verdict, also that the request would be refused.', body: Verdict } },
    problems: ['content_type'],
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
