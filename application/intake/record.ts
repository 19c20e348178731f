/** The one record of a job: written once, and found by each later copy of its message. */
import { Fault } from '../../domain/fault.ts';
import { advance } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { WholeJob } from '../../domain/job/parts.ts';
import { binds, type Tombstone } from '../../domain/job/tombstone.ts';
import type { Identity } from '../../domain/request/admission.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { contextOf } from '../batch/follow.ts';

export interface RecordPorts {
  readonly jobs: Pick<JobStore, 'create' | 'createOver' | 'get'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly types: JobTypes;
}

export type Recorded =
  | { readonly kind: 'recorded'; readonly job: JobRecord }
  /** Another copy of the message was there before. */
  | { readonly kind: 'found'; readonly job: JobRecord }
  /** The id belongs to a job with another body. */
  | { readonly kind: 'conflict' };

/** Cancels may renew a tombstone while it is being replaced. This many lost writes in a row are a fault of ours. */
const MAX_WRITES = 8;

/**
 * @param cancellable what a cancel that came first ends, if it is another than the job: one that has failed is ended already
 * @throws Fault, or when the table does not answer: the message is delivered again
 */
export async function record(
  ports: RecordPorts,
  job: WholeJob,
  messageId: string,
  cancellable = job,
): Promise<Recorded> {
  const { jobId, tenantId } = job;
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const created = await ports.jobs.create(job);
    ports.log.info(`job:record:${created.kind}`, { jobId, tenantId, messageId });
    if (created.kind === 'created') return { kind: 'recorded', job };
    if (created.kind === 'exists') return answeredBy(created.job, job);
    const stored = afterCancel(ports, { job, cancellable }, created.tombstone);
    if ((await ports.jobs.createOver(created.tombstone, stored)) === 'written')
      return { kind: 'recorded', job: stored };
  }
  throw new Fault(
    'TombstoneContended',
    `The tombstone changed ${MAX_WRITES} times while it was being replaced`,
    jobId,
  );
}

/** What is there for a message that may not become a job now: a repeated message is not a new job. */
export async function recordedBefore(
  { jobs }: Pick<RecordPorts, 'jobs'>,
  { jobId, fingerprint }: Identity,
): Promise<Exclude<Recorded, { readonly kind: 'recorded' }> | undefined> {
  const job = await jobs.get(jobId);
  return job === undefined ? undefined : answeredBy(job, { fingerprint });
}

function answeredBy(job: JobRecord, { fingerprint }: Pick<Identity, 'fingerprint'>) {
  return job.fingerprint === fingerprint
    ? ({ kind: 'found', job } as const)
    : ({ kind: 'conflict' } as const);
}

/** A cancel arrived first: the job is recorded as cancelled, so that its tenant is notified. */
function afterCancel(
  ports: RecordPorts,
  { job, cancellable }: { readonly job: WholeJob; readonly cancellable: WholeJob },
  tombstone: Tombstone,
): WholeJob {
  if (!binds(tombstone, job.tenantId, ports.clock.nowMs())) return job;
  return advance(cancellable, { kind: 'cancel' }, contextOf(ports, job)) ?? job;
}
