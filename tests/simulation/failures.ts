/** The rows of failed jobs, at the level of their port, and what must hold of them. */
import type { JobRecord } from '../../domain/job/job.ts';
import { dayOf } from '../../domain/reading/failure-list.ts';
import { type FailureRow, fingerprintOf } from '../../domain/reading/failure-row.ts';
import type { FailureStore } from '../../io/table/failures.ts';
import { type Run, reach, read } from './faults.ts';
import type { Process } from './world.ts';

export interface VirtualFailures {
  all(): readonly FailureRow[];
  portFor(process: Process): FailureStore;
  /** 2.6: once the world is at rest. */
  audit(jobs: readonly JobRecord[]): void;
}

export function virtualFailures(run: Run, job: (jobId: string) => JobRecord | undefined): VirtualFailures {
  const rows = new Map<string, FailureRow>();
  const nameOf = ({ failedAt, jobId }: Pick<FailureRow, 'failedAt' | 'jobId'>) =>
    `${String(failedAt).padStart(13, '0')}#${jobId}`;
  return {
    all: () => [...rows.values()],
    portFor: (process) => ({
      record: (row) =>
        reach(run, process, { site: 'failures.record', jobId: row.jobId }, () => {
          const failed = job(row.jobId);
          if (failed !== undefined) check(run, process, row, failed);
          if (!rows.has(nameOf(row))) rows.set(nameOf(row), row);
        }),
      page: (day, limit, after) =>
        read(run, process, undefined, () => {
          const before = after === undefined ? '~' : nameOf(after);
          const found = [...rows]
            .filter(([name, { failedAt }]) => dayOf(failedAt) === day && name < before)
            .toSorted(([a], [b]) => (a < b ? 1 : -1));
          return { rows: found.slice(0, limit).map(([, row]) => row), hasMore: found.length > limit };
        }),
    }),
    audit(jobs) {
      for (const each of jobs) {
        const count = [...rows.values()].filter(({ jobId }) => jobId === each.jobId).length;
        const expected = each.state === 'failed' ? 1 : 0;
        if (count !== expected)
          run.violate('2.6', `${each.jobId} is ${each.state} and has ${count} rows of a failure`, each.jobId);
      }
    },
  };
}

function check(run: Run, { name }: Process, row: FailureRow, failed: JobRecord): void {
  const { jobId, jobType, state, failure } = failed;
  const group = failure && fingerprintOf(jobType, failure.class, failure.code);
  if (state !== 'failed' || row.fingerprint !== group || row.failedAt !== failed.finishedAt)
    run.violate('2.6', `${name} leaves the row of a failure that ${jobId} has not: it is ${state}`, jobId);
  // In simulated logs each container prints its Batch job.
  const stream = failed.endedAttempts.findLast(({ logStream }) => logStream !== undefined)?.logStream;
  if (row.tail !== undefined && row.tail[0] !== stream)
    run.violate('2.6', `the row of ${jobId} has lines of another log`, jobId);
}
