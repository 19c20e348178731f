/** The types of the client: inputs by job type, and answers that are those of the API. tsc checks what is here. */
import { expect, test } from '@jest/globals';
import type * as z from 'zod';
import type { Verdict as VerdictOfApi } from '../../../api/contract/jobs.ts';
import {
  type Headgate,
  headgate,
  type InputsOf,
  type Job,
  type JobSummary,
  type TimelineEntry,
  type Verdict,
  type Wait,
  type WebhookEvent,
} from '../../../client/index.ts';
import type { SubmitOptions } from '../../../client/types.ts';
import type { JobView, JobSummary as SummaryOfApi } from '../../../domain/reading/job-view.ts';
import type { TimelineEntry as EntryOfApi } from '../../../domain/reading/timeline.ts';
import type { WaitView } from '../../../domain/reading/wait-view.ts';
import type { JobRequest } from '../../../domain/request/request.ts';
import type { WEBHOOK_EVENTS } from '../../../domain/webhook/notification.ts';
import type { CsvSummariseInput, jobTypes } from '../../../job-types.ts';

/** Names of one type that the other has not; `never` when they are the same. */
type Missing<A, B> = Exclude<keyof A, keyof B>;
type Same<A, B> = [Missing<A, B>, Missing<B, A>] extends [never, never]
  ? true
  : { missing: Missing<A, B>; more: Missing<B, A> };

/** Fields that operators alone are told. */
type ForOperators = 'runId' | 'hasSlot' | 'signedBy';
const same: [
  Same<Omit<JobView, ForOperators>, Job>,
  Same<SummaryOfApi, JobSummary>,
  Same<WaitView, Wait>,
  Same<EntryOfApi, TimelineEntry>,
  Same<z.infer<typeof VerdictOfApi>, Verdict>,
  Same<
    Omit<JobRequest, 'specVersion' | 'action' | 'tenantId' | 'jobType' | 'input' | 'inputRef'>,
    SubmitOptions
  >,
] = [true, true, true, true, true, true];
const events:
  | Exclude<(typeof WEBHOOK_EVENTS)[number], WebhookEvent['type']>
  | Exclude<WebhookEvent['type'], (typeof WEBHOOK_EVENTS)[number]> extends never
  ? true
  : false = true;
/** A job of the API, as a tenant is told it, is one of the client. */
const isJob = (view: Omit<JobView, ForOperators>): Job => view as never as Job;

/** Never called: its lines are for tsc. */
async function calls(hg: Headgate<InputsOf<typeof jobTypes>>): Promise<void> {
  await hg.jobs.submit('csv.summarise', { input: { csv: 's3://b/k', decimal: ',' }, idempotencyKey: 'k' });
  await hg.jobs.submit('csv.summarise', { inputRef: 's3://b/k', idempotencyKey: 'k' });
  // @ts-expect-error: there is no such job type
  await hg.jobs.submit('csv.sumarise', { input: { csv: 's3://b/k' }, idempotencyKey: 'k' });
  // @ts-expect-error: a field of another job type
  await hg.jobs.submit('csv.summarise', { input: { image: 's3://b/k', widths: [1] }, idempotencyKey: 'k' });
  // @ts-expect-error: a value that the schema does not take
  await hg.jobs.submit('csv.summarise', { input: { csv: 's3://b/k', decimal: ';' }, idempotencyKey: 'k' });
  // @ts-expect-error: without a key a repeat would be another job
  await hg.jobs.submit('csv.summarise', { input: { csv: 's3://b/k' } });
  // @ts-expect-error: an input and a reference to one
  await hg.jobs.submit('csv.summarise', {
    input: { csv: 's3://b/k' },
    inputRef: 's3://b/k',
    idempotencyKey: 'k',
  });
  // @ts-expect-error: the credential names the tenant
  await hg.jobs.submit('demo.sleep', { input: { seconds: 1 }, idempotencyKey: 'k', tenantId: 'acme' });
  await hg.jobs.submitMany([
    { type: 'demo.sleep', input: { seconds: 1 }, idempotencyKey: 'k' },
    { type: 'csv.summarise', inputRef: 's3://b/k', idempotencyKey: 'l' },
    // @ts-expect-error: the input of another job type
    { type: 'csv.summarise', input: { seconds: 1 }, idempotencyKey: 'm' },
  ]);
  // @ts-expect-error: a token mints no tokens
  await hg.tokens.mint({ tenant: 'acme', scopes: [] });
  const job = await hg.jobs.wait('job_');
  // @ts-expect-error: a job that was waited for is over
  if (job.state === 'running') return;
}

function told(event: WebhookEvent): string {
  switch (event.type) {
    case 'job.failed':
      return event.data.failure?.code ?? '';
    case 'job.rejected':
      return event.data.pointer;
    case 'endpoint.ping':
      // @ts-expect-error: a ping is about no job
      return event.data.jobId;
    default:
      return event.type;
  }
}

/** Without a registry any job type and any input are taken. */
async function untyped(): Promise<void> {
  await headgate({ url: 'https://x', token: 't' }).jobs.submit('any.type', {
    input: { a: [1] },
    idempotencyKey: 'k',
  });
  // @ts-expect-error: a key and a token at once
  headgate({ url: 'https://x', token: 't', key: 'k' });
}

test('what the types say is what tsc has checked', () => {
  const input: InputsOf<typeof jobTypes>['csv.summarise'] extends z.input<typeof CsvSummariseInput>
    ? true
    : false = true;
  expect([same, events, input, calls, told, untyped, isJob].length).toBe(7);
});
