/** Moving a job to the state that AWS Batch reports, in an event or in an answer of DescribeJobs. */
import { type BatchReport, classifyReport, type ReportClass } from '../../domain/batch/report.ts';
import { advance, type Context } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { isUnsettled } from '../../domain/job/job.ts';
import { type JobEnding, type JobTypes, withoutType } from '../../domain/job/job-type.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { decideJob } from '../job/decide-job.ts';
import { terminateDuplicate } from './duplicate.ts';

export interface FollowPorts {
  readonly jobs: Pick<JobStore, 'get' | 'replace'>;
  readonly batch: Pick<BatchPort, 'terminate'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly types: JobTypes;
}

/**
 * @returns the record when it must be dispatched, also when this report repeats one whose handler died before the
 * dispatch; else undefined
 * @throws WrongTenant when the Batch job has another tenant's tag: the message is kept and ends in its dead-letter
 * queue
 */
export async function follow(
  ports: FollowPorts,
  known: JobRecord,
  report: BatchReport,
): Promise<JobRecord | undefined> {
  const { jobId, attempt, runId } = report;
  const { job, kind, verdict } = await decideJob(ports.jobs, known, (current) => {
    const verdict = classifyNow(ports, current, report);
    const next =
      verdict.kind === 'news' ? advance(current, verdict.observation, contextOf(ports, current)) : undefined;
    return { verdict, next };
  });
  if (kind === 'changed') {
    ports.log.info('job:move:done', {
      jobId,
      attempt,
      runId,
      tenantId: job.tenantId,
      from: known.state,
      to: job.state,
    });
    return job;
  }
  if (verdict.kind === 'wrong_tenant')
    throw new WrongTenant('The Batch job has the tag of another tenant than its record');
  if (verdict.kind === 'duplicate' && verdict.alive)
    await terminateDuplicate(ports, { jobId, attempt, runId });
  if (verdict.kind === 'past' && verdict.alive)
    await ports.batch.terminate(runId, 'Headgate: the job is over');
  return stillToDispatch(job, report, verdict) ? job : undefined;
}

export class WrongTenant extends Error {
  override readonly name = 'WrongTenant';
}

function stillToDispatch(job: JobRecord, report: BatchReport, verdict: ReportClass): boolean {
  if (verdict.kind === 'seen_before') return verdict.current || job.state === 'cancelling';
  // Only the report of an end repeats the dispatch: its first handler may have died after the write.
  return verdict.kind === 'past' && report.ended && (isUnsettled(job) || job.state === 'retrying');
}

function classifyNow(ports: FollowPorts, job: JobRecord, report: BatchReport): ReportClass {
  return classifyReport(job, report, typeOf(ports, job).exitCodes, ports.clock.nowMs());
}

type ContextPorts = Pick<FollowPorts, 'clock' | 'random' | 'types'>;

export function contextOf(ports: ContextPorts, job: JobRecord): Context {
  const { clock, random } = ports;
  return { nowMs: clock.nowMs(), random: random.fraction(), policy: typeOf(ports, job) };
}

function typeOf(ports: Pick<FollowPorts, 'types'>, job: JobRecord): JobEnding {
  return ports.types.get(job.jobType) ?? withoutType;
}
