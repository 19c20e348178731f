/** What waits for a job or a group, as it is known beside that one: a job, or the group of which the job is a member. */
import * as z from 'zod';
import type { JobRecord } from '../job/job.ts';
import { Condition, nameOfGroup } from './dependency.ts';

export const DependantFields = z.object({
  condition: Condition,
  holds: z.boolean(),
  /** It has to be told of the end; any other only if that end is its own. */
  watched: z.boolean().optional(),
  expiresAt: z.number(),
});

export type Dependant = z.infer<typeof DependantFields> & {
  readonly tenantId: string;
  /** The id of a job, or `group:` and the name of a group. */
  readonly name: string;
};

/** What may be waited for, as it is known to jobs of this tenant. */
export type Subject = Pick<Dependant, 'tenantId' | 'name'>;

export const subjectOf = ({ tenantId, jobId }: Pick<JobRecord, 'tenantId' | 'jobId'>): Subject => ({
  tenantId,
  name: jobId,
});

/** Longer than a dead letter is kept: until then a job that failed with another may be run again with it. */
const KEPT_MS = 30 * 86_400_000;

export function dependantOf(job: JobRecord, condition: Condition): Dependant {
  const { tenantId, jobId, onDependencyFailure, dependencyTimeoutAt = job.createdAt } = job;
  const expiresAt = dependencyTimeoutAt + KEPT_MS;
  return { tenantId, name: jobId, condition, holds: onDependencyFailure === 'hold', expiresAt };
}

/** Longer than a job may take before it ends. */
const GROUP_WAITS_MS = 400 * 86_400_000;

/** A group waits for each end of its members. */
export function dependantGroup(
  { tenantId, groupId }: { readonly tenantId: string; readonly groupId: string },
  nowMs: number,
): Dependant {
  const expiresAt = nowMs + GROUP_WAITS_MS;
  return { tenantId, name: nameOfGroup(groupId), condition: 'finished', holds: false, expiresAt };
}
