/** The request to erase a tenant: it is closed at once, and an operation does the rest. */
import { problem } from '../../domain/errors.ts';
import { isFinal } from '../../domain/job/job.ts';
import { isOver, type Operation, started } from '../../domain/operation/operation.ts';
import type { KeyRegister } from '../../io/access/keys.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Random } from '../../io/process/random.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { OperationStore } from '../../io/table/operation/operations.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { operationIdOf } from '../job/identity.ts';
import type { StartedOperation } from '../operation/operations.ts';
import { notFound } from '../resources/refused.ts';
import { readAccount } from './tenant-admin.ts';

export interface StartErasingPorts {
  readonly tenants: Pick<TenantStore, 'load' | 'put'>;
  readonly gates: Pick<GateStore, 'load'>;
  readonly jobs: Pick<JobStore, 'load'>;
  readonly lists: JobLists;
  readonly register: Pick<KeyRegister, 'forget'>;
  readonly operations: Pick<OperationStore, 'get' | 'create'>;
  readonly clock: Clock;
  readonly random: Random;
}

export interface AskedToErase {
  /** Absent: it is refused while a job is not over. */
  readonly unfinished?: 'cancel' | 'drain' | undefined;
  readonly operator: string;
}

/** How many of the newest jobs are looked at for one that is not over. The operation waits for any that is older. */
const LOOKED_AT = 1000;
/** Nothing does more of it at once than one process. */
const PER_SECOND = 25;

/**
 * The record first, which closes the tenant and names the operation; then its keys; then the operation. After a crash in between
 * a repeat goes on, and a repeat of a request that was carried out finds its operation.
 */
export async function startErasing(
  ports: StartErasingPorts,
  tenantId: string,
  { unfinished, operator }: AskedToErase,
): Promise<StartedOperation> {
  const { tenant, gate } = await readAccount(ports, tenantId);
  const before = tenant?.erasedBy === undefined ? undefined : await ports.operations.get(tenant.erasedBy);
  if (before !== undefined && !isOver(before)) return { kind: 'replayed', operation: before };
  const isKnown = tenant !== undefined || gate !== undefined || (await hasJobs(ports, tenantId));
  if (!isKnown) return notFound;
  if (unfinished === undefined && (await hasOpenJobs(ports, tenantId))) {
    const expected =
      'Expected a tenant whose jobs are all over. Ask for their end with unfinished=cancel, or for a wait with drain.';
    return { kind: 'refused', problem: problem('jobs_unfinished', '/unfinished', expected) };
  }
  // One that was named, and never made, is made now.
  const named = before === undefined ? tenant?.erasedBy : undefined;
  const request = `erase ${tenantId} ${ports.clock.nowMs()} ${ports.random.token()}`;
  const operationId = named ?? operationIdOf(request);
  await ports.tenants.put({ ...tenant, tenantId, status: 'suspended', erasedBy: operationId });
  await ports.register.forget(tenantId);
  const nowMs = ports.clock.nowMs();
  const times = { sinceMs: 0, untilMs: nowMs };
  const work = { kind: 'erase', tenantId, unfinished: unfinished ?? 'drain', ...times } as const;
  // Due at once: no message asks for its first slice.
  const made: Operation = {
    ...started({ operationId, work, operator, perSecond: PER_SECOND, most: undefined }, nowMs),
    dueAt: nowMs,
  };
  const there = await ports.operations.create(made);
  return { kind: there === undefined ? 'created' : 'replayed', operation: there ?? made };
}

async function hasJobs({ lists }: StartErasingPorts, tenantId: string): Promise<boolean> {
  return (await lists.page({ tenantId }, 1)).places.length > 0;
}

async function hasOpenJobs({ lists, jobs }: StartErasingPorts, tenantId: string): Promise<boolean> {
  const { places } = await lists.page({ tenantId }, LOOKED_AT);
  const stored = await jobs.load(places.map(({ jobId }) => jobId));
  return places.some(({ jobId }) => {
    try {
      const job = stored.get(jobId);
      return job !== undefined && !isFinal(job.state);
    } catch {
      // One that this version cannot read: the operation looks at it again.
      return false;
    }
  });
}
