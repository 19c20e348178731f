/** A failed job once more, by the one child that it may have. */
import { failedJob } from '../../domain/dead-letter/dead-letter.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { hasNoInput } from '../../domain/request/array-line.ts';
import { parseRequest } from '../../domain/request/request.ts';
import { apart } from '../apart.ts';
import { type MarkPorts, markDiscarded } from '../dead-letter/mark-discarded.ts';
import { type EndedWithPorts, endedWith } from '../dependency/ended-with.ts';
import { handOver } from '../job/hand-over.ts';
import { type Refused, stateConflict } from './refused.ts';
import { admission, type SubmitJobPorts, type Submitted } from './submit-job.ts';

/**
 * The letter of the job is admitted as if it came back from the dead-letter queue, so both ways lead to the same child, and a
 * repeat finds it. The letter itself stays in its queue, and has no further effect.
 */
export function redriveJob(
  ports: SubmitJobPorts,
): (requestId: string, failed: JobRecord) => Promise<Submitted> {
  const admitted = admission(ports);
  return async (requestId, failed) => {
    if (hasNoInput(failed))
      return stateConflict('Expected a job with an input, found one whose line in itemsRef is none.');
    const { body, attributes } = failedJob(await ports.jobs.whole(failed));
    const parsed = parseRequest(body);
    if (parsed.kind === 'refused') return parsed;
    if (failed.state !== 'failed' || parsed.kind !== 'submit') return conflictOf(failed);
    const result = await admitted({ id: requestId, body, attributes }, parsed, failed.tenantId);
    if (result.kind === 'refused') return result;
    if (result.kind === 'ignored') return conflictOf(failed);
    if (result.isNew || result.job.version === 1) await handOver(ports, [result.job]);
    return { kind: result.isNew ? 'created' : 'replayed', job: result.job };
  };
}

/** One request redrives so many; its repeat goes on with the rest. */
const MAX_DEPENDENTS = 100;

export type RedrivenDependents =
  | {
      readonly kind: 'redriven';
      readonly jobs: readonly JobRecord[];
      /** Those that could not be redriven, with the reason. */
      readonly refused: readonly { readonly jobId: string; readonly code: string }[];
      /** How many are still to be redriven. */
      readonly left: number;
    }
  | Refused;

/**
 * The jobs that failed with this one, after it was redriven itself: before, they would fail with it again. One round after the
 * other, for the same reason. A repeat finds those redriven that were, and goes on with the rest.
 */
export function redriveDependents(
  ports: SubmitJobPorts & EndedWithPorts,
): (requestId: string, failed: JobRecord) => Promise<RedrivenDependents> {
  const redriven = redriveJob(ports);
  return async (requestId, failed) => {
    if (failed.redrivenAs === undefined)
      return stateConflict('Expected a failed job that was run again, found one that was not.');
    const rounds = await endedWith(ports, failed);
    const jobs: JobRecord[] = [];
    const refused: { jobId: string; code: string }[] = [];
    let left = rounds.flat().length;
    for (const round of rounds) {
      const now = round.slice(0, MAX_DEPENDENTS - jobs.length - refused.length);
      const { done, failed: unknown } = await apart(now, (job) => redriven(`${requestId} ${job.jobId}`, job));
      for (const { item, result } of done) {
        if (result.kind === 'refused') refused.push({ jobId: item.jobId, code: result.problem.code });
        else jobs.push(result.job);
      }
      left -= done.length;
      // Those of the next round may wait for one that is left.
      for (const { error } of unknown) throw error;
      if (now.length < round.length) break;
    }
    return { kind: 'redriven', jobs, refused, left };
  };
}

function conflictOf({ state, discarded }: JobRecord): Refused {
  const found = discarded === undefined ? state : 'discarded';
  return stateConflict(`Expected a failed job, found one that is ${found}.`);
}

/** Marks a failed job, so that no copy of its letter runs it again. A repeat changes nothing. */
export async function discardJob(
  ports: MarkPorts,
  failed: JobRecord,
  reason: string,
): Promise<{ readonly kind: 'discarded'; readonly job: JobRecord } | Refused> {
  const { verdict, job } = await markDiscarded(ports, failed, reason);
  return verdict.kind === 'refused' ? stateConflict(verdict.why) : { kind: 'discarded', job };
}
