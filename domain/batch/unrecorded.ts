/** Reports that change nothing which follows: a stage may leave them unrecorded, and save a write of each job. */
import type { JobRecord } from '../job/job.ts';
import type { JobEnding } from '../job/job-type.ts';
import type { Observation } from '../job/lifecycle.ts';

/**
 * Whether the report that a container runs may stay unrecorded. The end brings the time of its start; a container that knows
 * Headgate needs the record to prove what it is; a job that must start by some time would expire while it runs; and a tenant finds
 * the log of a container by its record.
 */
export function mayStayUnrecorded(
  { state, runId, startBy, stuck }: Pick<JobRecord, 'state' | 'runId' | 'startBy' | 'stuck'>,
  seen: Observation,
  { promisesResult }: Pick<JobEnding, 'promisesResult'>,
): boolean {
  const isRunning =
    seen.kind === 'running' && state === 'submitted' && runId === seen.runId && seen.logStream === undefined;
  return isRunning && startBy === undefined && stuck === undefined && !promisesResult;
}
