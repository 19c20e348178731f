/**
 * The spans of a job that is over, derived from its record: no process lives as long as a job, so there is none that could collect
 * them. What is sent twice has the same ids and times.
 */
import { type EndedAttempt, endings, type JobRecord } from '../job/job.ts';
import type { Delivery } from '../webhook/delivery.ts';
import { attemptSpanIdOf, jobSpanIdOf, spanIdOf, traceContextIn, traceIdOf, traceOf } from './context.ts';

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  /** Of OpenTelemetry: what a message began, what goes out to another service, and what is within. */
  readonly kind: 'consumer' | 'client' | 'internal';
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The code of what went wrong. */
  readonly error?: string | undefined;
}

export function spansOf(job: JobRecord): Span[] {
  const { jobId, createdAt, finishedAt = job.stateAt, failure } = job;
  const traceId = traceIdOf(job);
  const root: Span = {
    traceId,
    spanId: jobSpanIdOf(job),
    parentSpanId: traceOf(job)?.spanId,
    name: `job ${job.jobType}`,
    kind: 'consumer',
    startMs: createdAt,
    endMs: finishedAt,
    attributes: {
      'headgate.job.id': jobId,
      'headgate.job.type': job.jobType,
      'headgate.job.state': job.state,
      'headgate.tenant': job.tenantId,
      'headgate.attempts': endings(job).length,
    },
    error: job.state === 'failed' ? (failure?.code ?? 'failed') : undefined,
  };
  const child = (name: string, startMs: number, endMs: number): Span => ({
    traceId,
    spanId: spanIdOf(jobId, name),
    parentSpanId: root.spanId,
    name,
    kind: 'internal',
    startMs,
    endMs: Math.max(startMs, endMs),
    attributes: {},
  });
  const spans = [root, child('intake', createdAt, createdAt)];
  let freeAt = job.eligibleAt ?? createdAt;
  for (const ended of job.endedAttempts) {
    spans.push(child(`waiting ${ended.attempt}`, freeAt, beginOf(ended)), ...attemptSpans(job, root, ended));
    freeAt = ended.endedAt;
  }
  // A job that ended while it waited, before its first attempt or between two.
  if (job.state !== 'succeeded' && freeAt < finishedAt)
    spans.push(child(`waiting ${job.endedAttempts.length + 1}`, freeAt, finishedAt));
  return spans;
}

const beginOf = ({ startingAt, startedAt, endedAt }: EndedAttempt): number =>
  startingAt ?? startedAt ?? endedAt;

function attemptSpans(job: JobRecord, { traceId, spanId }: Span, ended: EndedAttempt): Span[] {
  const { attempt, startingAt, startedAt, endedAt, runId, failure } = ended;
  const own: Span = {
    traceId,
    spanId: attemptSpanIdOf(job, attempt),
    parentSpanId: spanId,
    name: `attempt ${attempt}`,
    kind: 'internal',
    startMs: beginOf(ended),
    endMs: Math.max(beginOf(ended), endedAt),
    attributes: {
      'headgate.attempt': attempt,
      ...(runId === undefined ? {} : { 'headgate.run.id': runId }),
      ...(failure === undefined ? {} : { 'headgate.failure.class': failure.class }),
    },
    error: failure?.code,
  };
  const part = (name: string, startMs: number, endMs: number): Span => ({
    traceId,
    spanId: spanIdOf(job.jobId, `${name} ${attempt}`),
    parentSpanId: own.spanId,
    name,
    kind: 'internal',
    startMs,
    endMs: Math.max(startMs, endMs),
    attributes: {},
  });
  return [
    own,
    ...(startingAt === undefined ? [] : [part('starting', startingAt, startedAt ?? endedAt)]),
    ...(startedAt === undefined ? [] : [part('running', startedAt, endedAt)]),
  ];
}

/** The id of the span of the next try of a delivery, which its receiver is told. */
export const trySpanIdOf = ({ jobId = '', webhookId, tries }: Delivery): string =>
  spanIdOf(jobId, `${webhookId} ${tries + 1}`);

/**
 * The span of one try, below its job.
 *
 * @param delivery as it was before the try
 * @param answer `http_<status>`, or what went wrong
 */
export function trySpan(
  delivery: Delivery,
  {
    startMs,
    endMs,
    answer,
    isSuccess,
  }: { startMs: number; endMs: number; answer: string; isSuccess: boolean },
): Span | undefined {
  const parent = traceContextIn(delivery.traceparent);
  if (parent === undefined) return undefined;
  return {
    traceId: parent.traceId,
    spanId: trySpanIdOf(delivery),
    parentSpanId: parent.spanId,
    name: `webhook ${delivery.eventType}`,
    kind: 'client',
    startMs,
    endMs,
    attributes: {
      'headgate.endpoint.id': delivery.endpointId,
      'headgate.webhook.id': delivery.webhookId,
      'headgate.try': delivery.tries + 1,
      'headgate.answer': answer,
    },
    error: isSuccess ? undefined : answer,
  };
}
