/**
 * How a run on Lambda ends: by its own word, or by the record that Lambda leaves of an event that failed. That record lies in a queue to
 * which the function itself may send, so it is a container's word, too: it is about the run whose ticket is in it, and about no other.
 */
import * as z from 'zod';
import { functionRunId } from '../executor/executor.ts';
import { RANK } from '../job/attempt.ts';
import { classifyFailure, failureOf } from '../job/failure.ts';
import type { Failure, JobRecord, Order, Result } from '../job/job.ts';
import type { ExitMeaning } from '../job/job-type.ts';
import type { EndedBadly, EndedWell, ReportedFailure } from '../job/lifecycle.ts';
import { RunId } from './names.ts';

const END: Order = { tries: 0, rank: RANK.SUCCEEDED };

interface Run {
  readonly runId: string;
  readonly endedAt: number;
}

const endOf = ({ startingAt }: JobRecord, { runId, endedAt }: Run) => ({
  runId,
  order: END,
  ended: { startedAt: startingAt, endedAt },
});

export const endedWell = (job: JobRecord, run: Run, result: Result): EndedWell => ({
  kind: 'ended_well',
  ...endOf(job, run),
  result,
});

/** @param exit as a program ends; `timeout`: it was given up for its time */
export function endedBadly(
  job: JobRecord,
  run: Run,
  {
    exit,
    reported,
    exitCodes,
  }: {
    readonly exit: number | 'timeout';
    readonly reported: ReportedFailure;
    readonly exitCodes: Readonly<Record<number, ExitMeaning>>;
  },
): EndedBadly {
  const judged =
    exit === 'timeout'
      ? { failure: failureOf('timeout', 'timed_out'), retryable: true }
      : classifyFailure({ container: { exitCode: exit } }, reported, exitCodes);
  return { kind: 'ended_badly', ...endOf(job, run), ...judged };
}

/** @see AWS Lambda developer guide, "Capturing records of Lambda asynchronous invocations" */
export const FailedRun = z
  .object({
    requestContext: z.object({ requestId: z.string(), condition: z.string() }),
    requestPayload: z.object({ ticket: z.string().max(512) }),
    responsePayload: z
      .object({
        errorType: z.string().max(128).optional().catch(undefined),
        errorMessage: z.string().optional().catch(undefined),
      })
      .optional()
      .catch(undefined),
  })
  .transform(({ requestContext: { requestId, condition }, requestPayload: { ticket }, responsePayload }) => ({
    runId: functionRunId(requestId),
    ticket,
    /** No delivery of the event has failed: none was made in time. Another one of the same event may be at work. */
    isExpired: condition === 'EventAgeExceeded',
    failure: failureIn(responsePayload ?? {}),
  }))
  .refine(({ runId }) => RunId.safeParse(runId).success);
export type FailedRun = z.output<typeof FailedRun>;

interface Thrown {
  readonly errorType?: string | undefined;
  readonly errorMessage?: string | undefined;
}

/** What the function itself threw may quote the input, so its message is read and not kept. */
function failureIn({ errorType = '', errorMessage = '' }: Thrown): Failure {
  const reason = /^[\w.]+$/.test(errorType) ? errorType : undefined;
  if (errorType === 'Sandbox.Timedout' || /\bTask timed out after\b/.test(errorMessage))
    return failureOf('timeout', 'timed_out', { reason });
  if (errorType === 'Runtime.OutOfMemory' || /\bsignal: killed\b/.test(errorMessage))
    return failureOf('out_of_memory', 'out_of_memory', { reason });
  return failureOf('app_error', 'function_crashed', { reason });
}

/**
 * Whether the record of a failed run ends an attempt. While no run has claimed it, a run that crashed was its run; one that is claimed
 * ends with the run of the claim alone.
 */
export function endedByRecord(
  job: JobRecord,
  attempt: number,
  { runId, isExpired, failure }: FailedRun,
  nowMs: number,
): EndedBadly | undefined {
  if (isExpired || job.attempt !== attempt || job.claimBy === undefined) return undefined;
  const isIts = job.claim === undefined ? job.callOpen === true : job.claim.runId === runId;
  if (!isIts) return undefined;
  return { kind: 'ended_badly', ...endOf(job, { runId, endedAt: nowMs }), failure, retryable: true };
}
