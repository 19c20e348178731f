/** What is left of a tenant's things for a credential that was made for a part of them. */
import { type Problem, problem } from '../errors.ts';
import type { JobRecord } from '../job/job.ts';

export interface Narrowing {
  /** One job, and no other. */
  readonly jobId?: string | undefined;
  /** The jobs that carry this tag with this value. */
  readonly tag?: { readonly key: string; readonly value: string } | undefined;
  /** Jobs of these types. */
  readonly jobTypes?: readonly string[] | undefined;
  /** The one job with this idempotency key. */
  readonly onlyKey?: string | undefined;
}

export const NOT_NARROWED: Narrowing = {};

export function isNarrowed(narrowing: Narrowing): boolean {
  return Object.values(narrowing).some((part) => part !== undefined);
}

/** Whether a narrowed credential still reaches this job of its tenant. */
export function reaches(
  { jobId, tag, jobTypes, onlyKey }: Narrowing,
  job: Pick<JobRecord, 'jobId' | 'tags' | 'jobType' | 'idempotencyKey'>,
): boolean {
  return (
    (jobId === undefined || jobId === job.jobId) &&
    (tag === undefined || carries(job.tags, tag)) &&
    (jobTypes === undefined || jobTypes.includes(job.jobType)) &&
    (onlyKey === undefined || onlyKey === job.idempotencyKey)
  );
}

function carries(
  tags: JobRecord['tags'] = {},
  { key, value }: { readonly key: string; readonly value: string },
): boolean {
  return Object.hasOwn(tags, key) && tags[key] === value;
}

/** The same for an array: a credential for one job starts no more. */
export function arrayProblem(
  narrowing: Narrowing,
  asked: Parameters<typeof creationProblem>[1],
): Problem | undefined {
  if (narrowing.onlyKey !== undefined)
    return problem('scope_missing', '/array', 'Expected a token for more than one job.');
  return creationProblem(narrowing, asked);
}

/** Why a narrowed credential may not start this job; undefined when it may. */
export function creationProblem(
  { jobId, tag, jobTypes, onlyKey }: Narrowing,
  asked: {
    readonly jobType: string;
    readonly tags?: JobRecord['tags'];
    readonly idempotencyKey?: string | undefined;
  },
): Problem | undefined {
  const missing = (pointer: string, expected: string) => problem('scope_missing', pointer, expected);
  if (jobId !== undefined) return missing('', 'Expected a credential that is not narrowed to one job.');
  if (jobTypes !== undefined && !jobTypes.includes(asked.jobType))
    return missing('/jobType', `Expected a job type of the token: ${jobTypes.join(', ')}.`);
  if (tag !== undefined && !carries(asked.tags, tag))
    return missing('/tags', 'Expected the tag to which the credential is narrowed.');
  if (onlyKey !== undefined && asked.idempotencyKey !== onlyKey)
    return missing('/idempotencyKey', 'Expected the jti of the token as the key.');
  return undefined;
}
