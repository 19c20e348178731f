/**
 * A change of a job's state and its event, in one write. The effects of a job's end on others are in the same write,
 * so a restart never finds one without the other.
 */
import type { AwsEvent } from '../../aws.ts';
import type { Store } from '../store.ts';
import { jobEvent } from './detail.ts';
import type { JobRecord } from './job.ts';
import type { Jobs } from './jobs.ts';
import type { Waits } from './waits.ts';

const NO_COUNTS: ReadonlyMap<string, number> = new Map();

export interface TransitionParts {
  readonly region: string;
  readonly clock: { now(): number };
  readonly store: Store;
  readonly jobs: Jobs;
  readonly waits: Waits;
  /** Keeps the event of a change until it is delivered. Called inside the write of the change. */
  readonly announce: (jobId: string, event: AwsEvent) => void;
}

export type Transitions = ReturnType<typeof createTransitions>;

/** @param settle applies the effects of a job's end on other jobs; it may end others */
export function createTransitions(parts: TransitionParts, settle: (ended: JobRecord) => void) {
  const { region, clock, store, jobs, waits } = parts;
  /** Ended in the current write, and not yet settled. A list and no recursion, because chains of 10,000 are legal. */
  const unsettled: JobRecord[] = [];

  function move(job: JobRecord): JobRecord {
    jobs.save(job);
    const childCounts = job.array?.role === 'parent' ? jobs.childCounts(job.jobId) : NO_COUNTS;
    parts.announce(job.jobId, jobEvent(job, { region, childCounts, nowMs: clock.now() }));
    return job;
  }

  return {
    write<Result>(change: () => Result): Result {
      return store.write(() => {
        unsettled.length = 0;
        const result = change();
        for (let ended = unsettled.shift(); ended; ended = unsettled.shift()) settle(ended);
        return result;
      });
    },
    move,
    end(job: JobRecord, status: 'SUCCEEDED' | 'FAILED', statusReason: string | undefined): void {
      waits.dropOf(job.jobId);
      unsettled.push(move({ ...job, status, statusReason, stoppedAt: clock.now() }));
    },
  };
}
