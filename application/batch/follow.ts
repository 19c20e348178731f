/** Moving a job to the state that AWS Batch reports, in an event or in an answer of DescribeJobs. */
import { type BatchReport, classifyReport, type ReportClass } from '../../domain/batch/report.ts';
import { mayStayUnrecorded } from '../../domain/batch/unrecorded.ts';
import { billOfAttempt } from '../../domain/cost/bill.ts';
import type { Pricing } from '../../domain/cost/prices.ts';
import { advance, type Context } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { isUnsettled } from '../../domain/job/job.ts';
import { type JobEnding, type JobTypes, withoutType } from '../../domain/job/job-type.ts';
import type { Observation } from '../../domain/job/lifecycle.ts';
import { EventsRepeated } from '../../domain/metrics/catalogue.ts';
import { started } from '../../domain/metrics/job-metrics.ts';
import { one } from '../../domain/metrics/metric.ts';
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
  readonly pricing: Pricing;
  /** Whether each job gets the state `running`, also where nothing depends on it. Absent: it does. */
  readonly recordsRunning?: boolean;
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
    const isRecorded = verdict.kind === 'news' && !staysUnrecorded(ports, current, verdict.observation);
    return {
      verdict,
      next: isRecorded ? advance(current, verdict.observation, contextOf(ports, current)) : undefined,
    };
  });
  if (kind === 'changed') {
    const facts = { jobId, attempt, runId, tenantId: job.tenantId, from: known.state, to: job.state };
    ports.log.info('job:move:done', facts, started(job, report));
    return job;
  }
  if (verdict.kind === 'wrong_tenant')
    throw new WrongTenant('The Batch job has the tag of another tenant than its record');
  if (verdict.kind === 'duplicate' && verdict.alive)
    await terminateDuplicate(ports, { jobId, attempt, runId });
  if (verdict.kind === 'past' && verdict.alive)
    await ports.batch.terminate(runId, 'Headgate: the job is over');
  if (verdict.kind === 'past' && report.ended)
    ports.log.info('event:repeat:done', { jobId, attempt, runId }, [one(EventsRepeated)]);
  return stillToDispatch(job, report, verdict) ? job : undefined;
}

function staysUnrecorded(ports: FollowPorts, job: JobRecord, seen: Observation): boolean {
  return ports.recordsRunning === false && mayStayUnrecorded(job, seen, typeOf(ports, job));
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
  return classifyReport(job, report, typeOf(ports, job), ports.clock.nowMs());
}

type ContextPorts = Pick<FollowPorts, 'clock' | 'random' | 'types'> & Partial<Pick<FollowPorts, 'pricing'>>;

export function contextOf(ports: ContextPorts, job: JobRecord): Context {
  const { clock, random, types, pricing } = ports;
  const type = types.get(job.jobType);
  return {
    nowMs: clock.nowMs(),
    random: random.fraction(),
    policy: typeOf(ports, job),
    // The size of a type that was removed is not known any more.
    bill: type && pricing && ((end) => billOfAttempt(job, type, end, pricing)),
  };
}

function typeOf(ports: Pick<FollowPorts, 'types'>, job: JobRecord): JobEnding {
  return ports.types.get(job.jobType) ?? withoutType;
}
