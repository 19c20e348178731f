/**
 * The row that each failed job leaves, so that failures can be listed and grouped without an index on states. It is made of the
 * record and of the last lines of a log, and is for operators: no tenant reads it.
 */
import * as z from 'zod';
import { tenantMessage } from '../job/failure.ts';
import { fnv1a } from '../job/identity.ts';
import { FailureClass, type JobRecord } from '../job/job.ts';
import { withoutSecrets } from '../redaction.ts';
import { bytesOf, shortened } from '../size.ts';

export const FailureRow = z.object({
  jobId: z.string(),
  tenantId: z.string(),
  jobType: z.string(),
  class: FailureClass,
  code: z.string(),
  /** Alike for all failures of one job type, class and code. */
  fingerprint: z.string(),
  message: z.string(),
  /** What AWS said. */
  reason: z.string().optional(),
  exitCode: z.int().optional(),
  /** How many attempts the job had. */
  attempts: z.int(),
  failedAt: z.int(),
  /** The last lines that its container printed, without what looks like a secret. */
  tail: z.array(z.string()).optional(),
});
export type FailureRow = z.infer<typeof FailureRow>;

export const FAILURES_KEPT_DAYS = 30;

/** Records of an earlier version may lack the failure. */
const UNKNOWN = { class: 'platform', code: 'batch_failed', message: 'The job failed.' } as const;

export function failureRowOf(job: JobRecord, lines: readonly string[]): FailureRow {
  const { jobId, tenantId, jobType, failure = UNKNOWN } = job;
  const { class: cls, code } = failure;
  const tail = tailOf(lines);
  return {
    jobId,
    tenantId,
    jobType,
    class: cls,
    code,
    fingerprint: fingerprintOf(jobType, cls, code),
    message: tenantMessage(failure),
    ...('reason' in failure && failure.reason !== undefined ? { reason: failure.reason } : {}),
    ...('exitCode' in failure && failure.exitCode !== undefined ? { exitCode: failure.exitCode } : {}),
    attempts: job.attempt,
    failedAt: job.finishedAt ?? job.stateAt,
    ...(tail.length === 0 ? {} : { tail }),
  };
}

export function fingerprintOf(jobType: string, cls: FailureClass, code: string): string {
  return fnv1a(JSON.stringify([jobType, cls, code]))
    .toString(16)
    .padStart(8, '0');
}

/**
 * The log in which the cause is most likely: that of the last attempt that had one. An attempt that was refused, or ended by a
 * deadline, has none. A sandbox of Lambda has one log for the jobs of many tenants, so none of those is read.
 */
export function tellingLogOf({ endedAttempts }: JobRecord): string | undefined {
  return endedAttempts.findLast(({ logStream, runId }) => logStream !== undefined && !isSharedStream(runId))
    ?.logStream;
}

/** A sandbox of Lambda has one log for all its runs. */
export const isSharedStream = (runId: string | undefined): boolean => runId?.startsWith('lambda:') === true;

export const TAIL_LINES = 20;
const MAX_TAIL_BYTES = 2048;
const MAX_LINE_CHARACTERS = 400;

/** The newest lines that have room together. A long line, such as a dump, must not take the place of all others. */
function tailOf(lines: readonly string[]): string[] {
  const told: string[] = [];
  let left = MAX_TAIL_BYTES;
  for (const line of lines.slice(-TAIL_LINES).toReversed()) {
    // Redacted before it is cut: half of a secret is not known for one.
    const text = shortened(withoutSecrets(line.trimEnd()), MAX_LINE_CHARACTERS);
    left -= bytesOf(text);
    if (left < 0) break;
    told.unshift(text);
  }
  return told;
}
