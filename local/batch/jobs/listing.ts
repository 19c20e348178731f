/** ListJobs, with its filters and pages. */
import * as z from 'zod';
import { asArn, batchArn } from '../arns.ts';
import type { Resources } from '../queues/resources.ts';
import { type Body, Int32, parse, refusal } from '../request.ts';
import type { Store } from '../store.ts';
import { type JobRecord, JobStatus } from './job.ts';
import { jobFrom, nameKey } from './jobs.ts';

const PAGE_WITHOUT_FILTER = 1000;
const PAGE_WITH_FILTER = 100;

const ListRequest = z.strictObject({
  jobQueue: z.string().optional(),
  arrayJobId: z.string().optional(),
  jobStatus: JobStatus.optional(),
  maxResults: Int32.min(1).optional(),
  nextToken: z.string().regex(/^\d+$/, 'is not valid').optional(),
  filters: z
    .array(
      z.strictObject({
        name: z.enum([
          'JOB_NAME',
          'JOB_DEFINITION',
          'BEFORE_CREATED_AT',
          'AFTER_CREATED_AT',
          'SHARE_IDENTIFIER',
        ]),
        values: z.array(z.string()).min(1),
      }),
    )
    .max(1, 'takes one filter')
    .default([]),
});

interface Condition {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export interface ListingParts {
  readonly region: string;
  readonly store: Store;
  readonly resources: Resources;
  /** Jobs created later are not listed yet: listing lags behind submission. */
  readonly createdUntilMs: number;
}

/**
 * ListJobs: newest first. With a filter the status has no effect, except with SHARE_IDENTIFIER.
 * @see AWS Batch API reference, ListJobs
 */
export function listJobs(parts: ListingParts, body: Body): Record<string, unknown> {
  const { region } = parts;
  const request = parse(ListRequest, body);
  if ((request.jobQueue === undefined) === (request.arrayJobId === undefined)) {
    throw refusal('Exactly one of jobQueue and arrayJobId must be given');
  }
  const filter = request.arrayJobId === undefined ? request.filters[0] : undefined;
  const conditions: Condition[] = [
    request.jobQueue === undefined
      ? { sql: 'parent = ?', values: [request.arrayJobId ?? ''] }
      : {
          sql: 'parent IS NULL AND queue = ?',
          values: [parts.resources.knownQueue(request.jobQueue).jobQueueArn],
        },
    { sql: "json_extract(record, '$.createdAt') <= ?", values: [parts.createdUntilMs] },
  ];
  if (filter) conditions.push(filterCondition(filter, region));
  if (!filter || filter.name === 'SHARE_IDENTIFIER') {
    conditions.push({ sql: 'status = ?', values: [request.jobStatus ?? 'RUNNING'] });
  }
  if (request.nextToken) conditions.push({ sql: 'seq < ?', values: [Number(request.nextToken)] });
  const most = filter ? PAGE_WITH_FILTER : PAGE_WITHOUT_FILTER;
  const size = Math.min(request.maxResults ?? most, most);
  const rows = parts.store.db
    .prepare(
      `SELECT seq, record FROM batch_jobs WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}
       ORDER BY seq DESC LIMIT ?`,
    )
    .all(...conditions.flatMap(({ values }) => values), size + 1);
  const shown = rows.slice(0, size);
  return {
    jobSummaryList: shown.map((row) => summary(jobFrom(row), region)),
    ...(rows.length > size && { nextToken: String(shown.at(-1)?.['seq']) }),
  };
}

function filterCondition(filter: z.infer<typeof ListRequest>['filters'][number], region: string): Condition {
  const alternatives = filter.values.map((value): Condition => {
    switch (filter.name) {
      case 'JOB_NAME':
        return startsOrIs('name_key', nameKey(value));
      case 'JOB_DEFINITION':
        return startsOrIs("json_extract(record, '$.definitionArn')", definitionPattern(value, region));
      case 'SHARE_IDENTIFIER':
        return startsOrIs('share', value);
      case 'BEFORE_CREATED_AT':
        return { sql: "json_extract(record, '$.createdAt') < ?", values: [timeFrom(value)] };
      case 'AFTER_CREATED_AT':
        return { sql: "json_extract(record, '$.createdAt') > ?", values: [timeFrom(value)] };
      default:
        return filter.name satisfies never;
    }
  });
  return {
    sql: `(${alternatives.map(({ sql }) => sql).join(' OR ')})`,
    values: alternatives.flatMap(({ values }) => values),
  };
}

/** @throws a refusal for what is not a number of milliseconds */
function timeFrom(value: string): number {
  if (!/^[0-9]{1,15}$/.test(value)) throw refusal(`Filter value ${value} is not a time in milliseconds`);
  return Number(value);
}

function startsOrIs(column: string, pattern: string): Condition {
  if (!pattern.endsWith('*')) return { sql: `${column} = ?`, values: [pattern] };
  const prefix = pattern.slice(0, -1);
  return { sql: `(${column} >= ? AND ${column} < ?)`, values: [prefix, `${prefix}\u{10FFFF}`] };
}

/** A bare name means all its revisions. */
function definitionPattern(value: string, region: string): string {
  const arn = asArn(region, 'job-definition', value);
  return value.startsWith('arn:') || value.endsWith('*') || value.includes(':') ? arn : `${arn}:*`;
}

function summary(job: JobRecord, region: string): Record<string, unknown> {
  const exitCode = job.attempts.at(-1)?.container.exitCode;
  const reason = job.attempts.at(-1)?.container.reason;
  const shown = {
    jobArn: batchArn(region, 'job', job.jobId),
    jobId: job.jobId,
    jobName: job.jobName,
    createdAt: job.createdAt,
    status: job.status,
    statusReason: job.statusReason,
    startedAt: job.startedAt,
    stoppedAt: job.stoppedAt,
    jobDefinition: job.definitionArn,
    shareIdentifier: job.shareIdentifier,
    container: job.attempts.length > 0 ? { exitCode, reason } : undefined,
    arrayProperties:
      job.array && (job.array.role === 'parent' ? { size: job.array.size } : { index: job.array.index }),
  };
  return {
    ...Object.fromEntries(Object.entries(shown).filter(([, value]) => value !== undefined)),
    ...(job.stop?.kind === 'cancelled' && { isCancelled: true }),
    ...(job.stop?.kind === 'terminated' && { isTerminated: true }),
  };
}
