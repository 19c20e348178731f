/**
 * The end of a job, asked for by its tenant: of the job that the request names, or of the newest of its redrives, since
 * the tenant knows one name for all of them.
 */
import { Fault } from '../../domain/fault.ts';
import { advance } from '../../domain/job/advance.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import { tombstoneAfter } from '../../domain/job/tombstone.ts';
import type { CancelRequest } from '../../domain/request/request.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { Random } from '../../io/process/random.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { contextOf } from '../batch/follow.ts';
import { type TellPorts, tellAll } from '../dependency/tell.ts';
import { changeJob } from '../job/decide-job.ts';
import { childIdOf, jobIdOf } from '../job/identity.ts';

export interface CancelPorts extends TellPorts {
  readonly jobs: Pick<JobStore, 'stored' | 'leaveTombstone' | 'get' | 'replace'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly types: JobTypes;
}

/**
 * A repeated cancel has no effect, nor has one of a job that is final and cannot be redriven.
 *
 * @returns the job whose end was asked for; undefined when there is none of this tenant yet
 * @throws Fault, or when the table does not answer: the message is delivered again
 */
export async function cancel(ports: CancelPorts, asked: CancelRequest): Promise<JobRecord | undefined> {
  const { tenantId } = asked;
  let jobId = asked.jobId ?? jobIdOf(tenantId, asked.idempotencyKey ?? '');
  let found: JobRecord | undefined;
  for (;;) {
    const held = await jobOrTombstone(ports, jobId, tenantId);
    // A cancel of another tenant's job is treated as one of an unknown job.
    if (held === undefined || held.tenantId !== tenantId) {
      ports.log.info('job:cancel:unknown', { jobId, tenantId });
      return found;
    }
    const changed = await changeJob(ports.jobs, held, (current) =>
      advance(current, { kind: 'cancel' }, contextOf(ports, current)),
    );
    found = changed.job;
    ports.log.info(`job:cancel:${changed.kind}`, { jobId, tenantId, to: found.state });
    if (found.redrivenAs === undefined && found.state !== 'failed') return found;
    // Its letter may be on the way back, even of one that was discarded meanwhile: intake may have read it before. Queues keep no order, so the child is cancelled before it is there.
    jobId = childIdOf(jobId);
  }
}

/** This many lost writes in a row are a fault of ours; the message goes back to its queue. */
const MAX_WRITES = 8;

async function jobOrTombstone(
  ports: CancelPorts,
  jobId: string,
  tenantId: string,
): Promise<JobRecord | undefined> {
  for (let writes = 0; writes < MAX_WRITES; writes++) {
    const held = await ports.jobs.stored(jobId);
    if (held.kind === 'job') return held.job;
    const seen = held.kind === 'tombstone' ? held.tombstone : undefined;
    const next = tombstoneAfter(seen, { jobId, tenantId, nowMs: ports.clock.nowMs() });
    if ((await ports.jobs.leaveTombstone(seen, next)) === 'lost') continue;
    await tellAll(ports, { tenantId, name: jobId });
    return undefined;
  }
  throw new Fault(
    'TombstoneContended',
    `The tombstone changed ${MAX_WRITES} times while it was being left`,
    jobId,
  );
}
