/** Where the lines of an attempt are: a container has a log stream of its own, and a sandbox of Lambda one for many runs. */
import type { EndedAttempt, JobRecord } from '../job/job.ts';

export type LogPlace =
  | { readonly kind: 'stream'; readonly name: string }
  /** Lines of a log group that name the request; none is older than `fromMs`. */
  | { readonly kind: 'request'; readonly requestId: string; readonly fromMs: number };

const FUNCTION_RUN = /^lambda:/;

/** @returns undefined for an attempt that no run of Lambda has claimed */
export function requestOf(
  { runId, startedAt }: Pick<EndedAttempt, 'runId' | 'startedAt'>,
  acceptedAtMs: number,
): LogPlace | undefined {
  if (runId === undefined || !FUNCTION_RUN.test(runId)) return undefined;
  // What a function prints before its claim is part of its attempt as well.
  const fromMs = Math.max(0, (startedAt ?? acceptedAtMs) - BEFORE_CLAIM_MS);
  return { kind: 'request', requestId: runId.replace(FUNCTION_RUN, ''), fromMs };
}

/** A cold start, and the clocks of two functions. */
const BEFORE_CLAIM_MS = 120_000;

/** Of the attempt under way. Its stream is on the record if AWS Batch has named it, which is asked of types that show their logs. */
export function placeUnderWay(job: JobRecord): LogPlace | undefined {
  const request = requestOf(job, job.createdAt);
  if (request !== undefined || job.logStream === undefined) return request;
  return { kind: 'stream', name: job.logStream };
}

/** Of an attempt that is over. A stream is what AWS Batch names, and never what a container says. */
export function placeOf(
  ended: EndedAttempt,
  { createdAt }: Pick<JobRecord, 'createdAt'>,
): LogPlace | undefined {
  const request = requestOf(ended, createdAt);
  if (request !== undefined || ended.logStream === undefined) return request;
  return { kind: 'stream', name: ended.logStream };
}

/** The form of a line of JSON that Lambda writes, or our program in its place. */
interface Line {
  readonly requestId?: unknown;
  readonly message?: unknown;
  readonly type?: unknown;
  readonly record?: {
    readonly requestId?: unknown;
    readonly status?: unknown;
    readonly metrics?: { readonly durationMs?: unknown };
  };
}

/** Whether Lambda, which writes the id of the run into each line, says that a line is of this run. A line may also quote an id. */
export function isOfRequest(message: string, requestId: string): boolean {
  const line = parsed(message);
  return line?.requestId === requestId || line?.record?.requestId === requestId;
}

/**
 * A line of a run as people read it: what its program printed, without what Lambda puts around it.
 *
 * @returns undefined for what Lambda says of each run
 */
export function printedBy(message: string): string | undefined {
  const line = parsed(message);
  if (line === undefined) return message;
  if (typeof line.type === 'string' && line.type.startsWith('platform.'))
    return isEndOfRun(message) && line.record?.status !== undefined && line.record.status !== 'success'
      ? `Lambda ended the run: ${String(line.record.status)}`
      : undefined;
  if (typeof line.requestId !== 'string' || line.message === undefined) return message;
  return typeof line.message === 'string' ? line.message : JSON.stringify(line.message);
}

/** After this line of a run there is no other. */
export const isEndOfRun = (message: string): boolean => parsed(message)?.type === 'platform.report';

function parsed(message: string): Line | undefined {
  if (!message.startsWith('{')) return undefined;
  try {
    return JSON.parse(message) as Line; // an object, of which each field is looked at before it is used
  } catch {
    return undefined;
  }
}
