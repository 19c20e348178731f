/** The row of each failed job, with the last lines of its log, so that people find the cause without a search. */
import type { JobRecord } from '../../domain/job/job.ts';
import { failureRowOf, TAIL_LINES, tellingLogOf } from '../../domain/reading/failure-row.ts';
import type { LogTail } from '../../io/aws/logs/log-tail.ts';
import type { Log } from '../../io/process/log.ts';
import type { FailureStore } from '../../io/table/failures.ts';
import { apart } from '../apart.ts';

export interface RecordFailurePorts {
  readonly failures: Pick<FailureStore, 'record'>;
  /** Absent: this function may read no logs. */
  readonly logTail?: LogTail;
  readonly log: Log;
}

/** May be repeated: the first row stays. */
export const recordFailures = (ports: RecordFailurePorts, failed: readonly JobRecord[]) =>
  apart(failed, async (job) => ports.failures.record(failureRowOf(job, await tailOf(ports, job))));

/** A log that cannot be read costs its lines, and nothing else: the job is over, and its tenant waits to be told. */
async function tailOf({ logTail, log }: RecordFailurePorts, job: JobRecord): Promise<readonly string[]> {
  const stream = tellingLogOf(job);
  if (stream === undefined || logTail === undefined) return [];
  try {
    return await logTail(stream, TAIL_LINES);
  } catch (error) {
    const why = error instanceof Error ? error.name : 'unknown';
    log.info('failure:tail:failed', { jobId: job.jobId, tenantId: job.tenantId, why });
    return [];
  }
}
