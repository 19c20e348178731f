/** What a job waits for before it may begin: other jobs and groups of its tenant, also those that have yet to come. */
import * as z from 'zod';
import { type Problem, problem } from '../errors.ts';
import { GroupId, IdempotencyKey, JOB_ID } from '../job/ids.ts';

/**
 * `finished` is met by any end, `failed` by `failed` and `expired`. A group has succeeded when all of its members have, and failed
 * when it is over and one has not.
 */
export const Condition = z.enum(['succeeded', 'finished', 'failed']);
export type Condition = z.infer<typeof Condition>;

/** As it is sent: by the name of the other job, by its key, or by the name of a group. */
export const Dependency = z
  .strictObject({
    jobId: z.string().regex(JOB_ID, 'expected a job id').optional(),
    idempotencyKey: IdempotencyKey.optional(),
    group: GroupId.optional(),
    condition: Condition.optional(),
  })
  .refine(
    ({ jobId, idempotencyKey, group }) =>
      [jobId, idempotencyKey, group].filter((name) => name !== undefined).length === 1,
    'expected exactly one of jobId, idempotencyKey and group',
  );
export type Dependency = z.infer<typeof Dependency>;

/** As it was accepted: stricter rules of a later version must not make a record unreadable. */
export const AcceptedDependency = z.object({
  jobId: z.string().optional(),
  idempotencyKey: z.string().optional(),
  group: z.string().optional(),
  condition: Condition.optional(),
});

/** `hold`: a job that fails is waited for until it is redriven or discarded. */
export const OnDependencyFailure = z.enum(['fail', 'hold']);
export type OnDependencyFailure = z.infer<typeof OnDependencyFailure>;

export const MAX_DEPENDENCIES = 500;
/** A week: a job that waits for one that never comes ends all the same. */
export const DEFAULT_DEPENDENCY_TIMEOUT_SECONDS = 7 * 86_400;

/** A dependency with the one name that it leads to: the id of a job, or `group:` and the name of a group. */
export interface Awaited {
  readonly name: string;
  readonly condition: Condition;
}

const GROUP_PREFIX = 'group:';

/** As a group is named where jobs are, too: no id of a job has a colon. */
export const nameOfGroup = (groupId: string): string => `${GROUP_PREFIX}${groupId}`;

/** @returns undefined for the id of a job */
export function groupNamed(name: string): string | undefined {
  return name.startsWith(GROUP_PREFIX) ? name.slice(GROUP_PREFIX.length) : undefined;
}

/**
 * Why a job may not wait for these, found before anything is recorded.
 *
 * @param own its id, and the name of its group: a group ends after each of its members
 */
export function dependencyProblem(own: readonly string[], awaited: readonly Awaited[]): Problem | undefined {
  const seen = new Set<string>();
  for (const [place, { name }] of awaited.entries()) {
    const pointer = `/dependsOn/${place}`;
    if (own.includes(name)) {
      const found = groupNamed(name) === undefined ? 'the job itself' : 'the group of the job';
      return problem('dependency_self', pointer, `Expected another job, found ${found}.`);
    }
    if (seen.has(name))
      return problem('dependency_repeated', pointer, 'Expected each job once, found one a second time.');
    seen.add(name);
  }
  return undefined;
}
