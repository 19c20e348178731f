/** `headgate job get`, `list`, `why` and `timeline`. */
import * as z from 'zod';
import { explainWait } from '../../application/resources/explain-wait.ts';
import { jobTimeline, withOthers } from '../../application/resources/job-timeline.ts';
import { listJobs } from '../../application/resources/list-jobs.ts';
import { sinceMs } from '../../domain/dead-letter/letter.ts';
import { JobTypeId, TenantId } from '../../domain/job/ids.ts';
import { JobState } from '../../domain/job/job.ts';
import { type JobSummary, summaryOf, viewOf } from '../../domain/reading/job-view.ts';
import { MAX_PAGE } from '../../domain/reading/listing.ts';
import { logUrl } from '../../domain/reading/log-link.ts';
import { waitView } from '../../domain/reading/wait-view.ts';
import { systemClock } from '../../io/process/clock.ts';
import { jobLists } from '../../io/table/job-lists.ts';
import type { Span } from '../program/output.ts';
import { refusedBy } from '../program/stopped.ts';
import { second } from '../program/time.ts';
import { option, type Values, verb } from '../program/verb.ts';
import { placeOptions } from '../stack/place.ts';
import { type Records, withStack } from '../stack/stack.ts';
import { defaultCapOption } from '../tenant/settings.ts';
import { findJob, jobOptions, readers } from './find.ts';
import { writeJob } from './job-text.ts';
import { stateTone, writeTimeline } from './timeline-text.ts';

export const get = verb({
  summary: 'one job: its request, state, attempts and result',
  argument: 'JOB',
  options: jobOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records();
      const view = viewOf(await records.jobs.whole(await findJob(records, values)), 'operator');
      context.output.show([view], (page) => writeJob(page, view));
      return 'done';
    }),
});

export const timeline = verb({
  summary: 'what happened to it, when, and what it waits for now',
  argument: 'JOB',
  options: { ...jobOptions, ...defaultCapOption },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records(values['default-cap']);
      const job = await findJob(records, values);
      const whole = await withOthers(records, job);
      const entries = await jobTimeline(readers(records).of(job.tenantId), whole, 'operator');
      const wait = waitView(job, await explainWait(records, job), 'operator').text;
      context.output.show(entries, (page) =>
        writeTimeline(page, { job, entries, wait, nowMs: systemClock.nowMs() }),
      );
      return 'done';
    }),
});

export const why = verb({
  summary: 'why it has not begun, and how its attempts ended',
  argument: 'JOB',
  options: {
    ...jobOptions,
    ...defaultCapOption,
    'log-group': option(
      'NAME',
      "the stack's output WorkerLogGroupName: shows addresses of logs",
      z.string().min(1).optional(),
    ),
  },
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const records = await stack.records(values['default-cap']);
      const job = await findJob(records, values);
      const view = waitView(job, await explainWait(records, job), 'operator');
      const region = await stack.region();
      const group = values['log-group'];
      const attempts = job.endedAttempts.map(({ attempt, failure, logStream }) => ({
        attempt,
        code: failure?.code,
        log: logStream && group ? logUrl({ region, group }, logStream) : logStream,
      }));
      context.output.show([{ ...view, attempts }], (page) => {
        page.line(`${job.jobId} is ${job.state}: ${view.text}.`);
        for (const { attempt, code, log = 'none' } of attempts)
          page.line(`attempt ${attempt} ended ${code === undefined ? 'well' : `with ${code}`}; log: ${log}`);
      });
      return 'done';
    }),
});

export const moment = z
  .string()
  .transform((text) => sinceMs(text, systemClock.nowMs()))
  .refine((atMs) => atMs !== undefined, 'expected 30m, 2h, 7d, 2026-01-31 or 2026-01-31T09:00:00Z');
const Tag = z
  .string()
  .regex(/^[^=]+=.*$/, 'expected NAME=VALUE')
  .transform((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)] as const);
const Limit = z.union(
  [
    z.literal('all').transform(() => Number.POSITIVE_INFINITY),
    z
      .string()
      .regex(/^[1-9]\d{0,5}$/)
      .transform(Number),
  ],
  { error: () => 'expected a whole number from 1, or all' },
);

const listOptions = {
  tenant: option('TENANT', 'whose jobs', TenantId),
  state: option(
    'STATE',
    `one of ${JobState.options.join(', ')}`,
    z.enum(JobState.options, `expected one of ${JobState.options.join(', ')}`).optional(),
  ),
  type: option('JOB_TYPE', 'of this job type', JobTypeId.optional()),
  tag: option('NAME=VALUE', 'with this tag; may be repeated', z.array(Tag).default([])),
  since: option('WHEN', 'accepted since then: 30m, 2h or 7d ago, or a date or time', moment.optional()),
  until: option('WHEN', 'accepted before then', moment.optional()),
  limit: option('N|all', 'so many of the newest (20)', Limit.default(20)),
  cursor: option('CURSOR', 'goes on with a list of the same options', z.string().min(1).optional()),
  ...placeOptions,
};

export const list = verb({
  summary: 'jobs of a tenant, the newest first',
  options: listOptions,
  run: (values, context) =>
    withStack(values, context, async (stack) => {
      const { jobs, next, examined } = await pages(await stack.records(), values);
      context.output.show(jobs, (page) => {
        if (jobs.length > 0)
          page.table(['ACCEPTED', 'JOB', 'STATE', 'ATTEMPT', 'TYPE', 'KEY'], jobs.map(rowOf));
      });
      const more = next === undefined ? '' : ` More with --cursor ${next}`;
      context.output.note(`${jobs.length} of ${examined} examined jobs.${more}`);
      return 'done';
    }),
});

/** A page of the list stops after 1,000 examined records; a person who asked for so many jobs wants those. */
async function pages(records: Records, values: Values<typeof listOptions>) {
  const { tenant, state, type: jobType, since, until, limit } = values;
  const filter = { state, jobType, tags: Object.fromEntries(values.tag), sinceMs: since, untilMs: until };
  const ports = { lists: jobLists(records.items) };
  const mine = { ...readers(records).of(tenant), tenantId: tenant };
  const jobs: JobSummary[] = [];
  let examined = 0;
  let next = values.cursor;
  do {
    const wanted = Math.min(limit - jobs.length, MAX_PAGE);
    const page = await listJobs(ports, mine, filter, { limit: wanted, cursor: next });
    if (page.kind === 'refused') throw refusedBy(page.problem);
    jobs.push(...page.jobs.map((job) => summaryOf(job, 'operator')));
    examined += page.examined;
    next = page.next;
  } while (next !== undefined && jobs.length < limit);
  return { jobs, next, examined };
}

function rowOf({ createdAt, id, state, attempt, jobType, idempotencyKey }: JobSummary): Span[] {
  return [
    second(Date.parse(createdAt)),
    id.slice(0, SHORT_ID_CHARACTERS),
    { text: state, tone: stateTone(state) },
    String(attempt),
    jobType,
    idempotencyKey,
  ];
}

/** One of a billion; each verb takes it, and says so where it is not enough. */
const SHORT_ID_CHARACTERS = 'job_'.length + 8;
