/**
 * Removes the logs and objects of jobs whose records are about to go, for as long as there is time. A process that dies in it
 * leaves the walk where it was, and a repeat finds removed what was removed.
 */

import {
  atNextTenant,
  type Clearance,
  clearedBefore,
  isCleared,
  ownStreams,
  walkAt,
} from '../../domain/job/clearance.ts';
import { jobOfResult } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { RetentionDays } from '../../domain/job/retention.ts';
import type { WorkerLogs } from '../../io/aws/logs/worker-logs.ts';
import type { TenantObjects } from '../../io/aws/tenant-objects.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { JobLists } from '../../io/table/job-lists.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import type { ClearanceStore } from '../../io/table/operation/clearance.ts';
import type { TenantStore } from '../../io/table/tenants.ts';

export interface ClearancePorts {
  readonly clearance: ClearanceStore;
  readonly tenants: Pick<TenantStore, 'list'>;
  readonly lists: JobLists;
  readonly jobs: Pick<JobStore, 'load'>;
  readonly workerLogs: Pick<WorkerLogs, 'remove'>;
  readonly tenantObjects: Pick<TenantObjects, 'results' | 'remove'>;
  readonly retentionDays: RetentionDays;
  readonly clock: Clock;
  readonly log: Log;
}

export type Clear = (untilMs: number) => Promise<void>;

/** CloudWatch Logs deletes few streams a second. */
const JOBS_PER_SLICE = 25;

/** @returns a function that never has two slices succeed at once: of two processes the slower one stops */
export function clearing(ports: ClearancePorts): Clear {
  return async (untilMs) => {
    const { clearance, clock, log } = ports;
    let seen = await clearance.get();
    let tenantIds: readonly string[] | undefined;
    while (clock.nowMs() < untilMs) {
      const walk = walkAt(seen, clock.nowMs());
      if (walk === undefined) return;
      tenantIds ??= (await ports.tenants.list()).map(({ tenantId }) => tenantId);
      const { next, removed } = await sliceOf(ports, walk, tenantIds);
      const written = { ...next, version: (seen?.version ?? 0) + 1 };
      const isMine = (await clearance.replace(seen, written)) === 'written';
      if (removed > 0) log.info('job:clear:done', { tenantId: walk.tenantId, count: removed });
      if (!isMine) return;
      seen = written;
    }
  };
}

interface Done {
  readonly next: Clearance;
  /** Streams and objects. */
  readonly removed: number;
}

async function sliceOf(ports: ClearancePorts, walk: Clearance, tenantIds: readonly string[]): Promise<Done> {
  if (walk.tenantId === undefined) return { next: atNextTenant(walk, tenantIds), removed: 0 };
  return walk.step === 'jobs'
    ? clearLogs(ports, walk, walk.tenantId)
    : clearObjects(ports, walk, walk.tenantId, tenantIds);
}

async function clearLogs(ports: ClearancePorts, walk: Clearance, tenantId: string): Promise<Done> {
  const untilMs = clearedBefore(ports.retentionDays, ports.clock.nowMs());
  const page = await ports.lists.page({ tenantId, untilMs }, JOBS_PER_SLICE, walk.job);
  const ids = page.places.map(({ jobId }) => jobId);
  const jobs = await ports.jobs.load(ids);
  const streams = ids.flatMap((jobId) => {
    const job = readable(jobs, jobId);
    return job !== undefined && isCleared(job, ports.clock.nowMs()) ? ownStreams(job) : [];
  });
  for (const stream of streams) await ports.workerLogs.remove(stream);
  const last = page.places.at(-1);
  const { job: _, ...before } = walk;
  const next: Clearance =
    page.hasMore && last !== undefined ? { ...walk, job: last } : { ...before, step: 'objects' };
  return { next, removed: streams.length };
}

async function clearObjects(
  ports: ClearancePorts,
  walk: Clearance,
  tenantId: string,
  tenantIds: readonly string[],
): Promise<Done> {
  const nowMs = ports.clock.nowMs();
  const page = await ports.tenantObjects.results(tenantId, walk.object);
  // The record is made before the first container begins, so of an object that is old enough it is there, or has gone.
  const old = page.objects.filter(({ at }) => at < clearedBefore(ports.retentionDays, nowMs));
  const jobIds = [...new Set(old.flatMap(({ key }) => jobOfResult(tenantId, key) ?? []))];
  const jobs = await ports.jobs.load(jobIds);
  const past = new Set(jobIds.filter((jobId) => isPast(jobs, jobId, nowMs)));
  const keys = old.map(({ key }) => key).filter((key) => past.has(jobOfResult(tenantId, key) ?? ''));
  if (keys.length > 0) await ports.tenantObjects.remove(tenantId, keys);
  const next = page.next === undefined ? atNextTenant(walk, tenantIds) : { ...walk, object: page.next };
  return { next, removed: keys.length };
}

/** What this version cannot read stays: its objects go by the rule of the bucket. */
function isPast(jobs: ReadonlyMap<string, JobRecord>, jobId: string, nowMs: number): boolean {
  try {
    const job = jobs.get(jobId);
    return job === undefined || isCleared(job, nowMs);
  } catch {
    return false;
  }
}

function readable(jobs: ReadonlyMap<string, JobRecord>, jobId: string): JobRecord | undefined {
  try {
    return jobs.get(jobId);
  } catch {
    return undefined;
  }
}
