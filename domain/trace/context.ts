/** W3C trace context: where a trace comes from, and the ids of its spans. @see https://www.w3.org/TR/trace-context/ */
import { fnv1a } from '../job/identity.ts';
import type { JobRecord } from '../job/job.ts';

export interface TraceContext {
  readonly traceId: string;
  /** The span of the sender. */
  readonly spanId: string;
  readonly isSampled: boolean;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** @returns undefined for a text that is no trace context; a later version is read as this one */
export function traceContextIn(text: string | undefined): TraceContext | undefined {
  const [, version, traceId = '', spanId = '', flags = '', rest] = TRACEPARENT.exec(text ?? '') ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function traceparentOf({ traceId, spanId, isSampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/** The trace of a job: its sender's, or one of its own. Always the same for one job. */
export function traceOf(job: Pick<JobRecord, 'jobId' | 'traceparent'>): TraceContext | undefined {
  return traceContextIn(job.traceparent);
}

export const traceIdOf = (job: Pick<JobRecord, 'jobId' | 'traceparent'>): string =>
  traceOf(job)?.traceId ?? idOfBase32(job.jobId);

/**
 * The id of a span, made of its name, so that a span that is sent twice is one. Within a trace 64 bits of two hashes are enough:
 * a job has hundreds of spans at most.
 */
export function spanIdOf(jobId: string, name: string): string {
  return hex(fnv1a(`${jobId} ${name}`)) + hex(fnv1a(`${name} of ${jobId}`));
}

const hex = (number: number): string => number.toString(16).padStart(8, '0');

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** A job's id has 130 bits of a hash behind its prefix; the trace has the first 128. */
function idOfBase32(jobId: string): string {
  const bits = [...jobId.slice('job_'.length)]
    .map((letter) => BASE32.indexOf(letter).toString(2).padStart(5, '0'))
    .join('');
  const nibbles = bits.slice(0, 128).match(/.{4}/g) ?? [];
  return nibbles.map((nibble) => Number.parseInt(nibble, 2).toString(16)).join('');
}

/**
 * Whether a job is traced: as its sender says; else a part of all jobs, and each one that failed, which only its end shows.
 *
 * @param sampling the part, from 0 to 1
 */
export function isTraced(job: JobRecord, sampling: number): boolean {
  const given = traceOf(job);
  if (given !== undefined) return given.isSampled;
  return job.state === 'failed' || fnv1a(job.jobId) / 0x1_0000_0000 < sampling;
}

export const jobSpanIdOf = ({ jobId }: Pick<JobRecord, 'jobId'>): string => spanIdOf(jobId, 'job');
export const attemptSpanIdOf = ({ jobId }: Pick<JobRecord, 'jobId'>, attempt: number): string =>
  spanIdOf(jobId, `attempt ${attempt}`);

/** For the container of the attempt that a job is at: what it does is below this attempt. */
export function attemptTraceparent(job: JobRecord, sampling: number): string {
  const spanId = attemptSpanIdOf(job, job.attempt);
  return traceparentOf({ traceId: traceIdOf(job), spanId, isSampled: isTraced(job, sampling) });
}

/** For the webhooks of a job that is over. */
export function jobTraceparent(job: JobRecord): string {
  return traceparentOf({ traceId: traceIdOf(job), spanId: jobSpanIdOf(job), isSampled: true });
}

/** X-Ray's header, which AWS adds to messages of callers that it traces. @see AWS X-Ray developer guide, "Tracing header" */
const AWS_HEADER =
  /\bRoot=1-([0-9a-f]{8})-([0-9a-f]{24})\b.*?\bParent=([0-9a-f]{16})\b(?:.*?\bSampled=([01]))?/;

/** The trace context beside a message: what its sender says, else what AWS says. The body may say it, too, and comes first. */
export function traceparentBeside(
  attributes: Readonly<Record<string, string>>,
  awsTraceHeader: string | undefined,
): string | undefined {
  const said = traceContextIn(attributes['traceparent']);
  if (said !== undefined) return traceparentOf(said);
  const [, time, rest, spanId, sampled] = AWS_HEADER.exec(awsTraceHeader ?? '') ?? [];
  if (time === undefined || rest === undefined || spanId === undefined) return undefined;
  return traceparentOf({ traceId: time + rest, spanId, isSampled: sampled === '1' });
}
