/** What is left of a tenant's things for a credential that was made for a part of them. */
import type { JobRecord } from '../job/job.ts';

export interface Narrowing {
  /** One job, and no other. */
  readonly jobId?: string | undefined;
  /** The jobs that carry this tag with this value. */
  readonly tag?: { readonly key: string; readonly value: string } | undefined;
}

export const NOT_NARROWED: Narrowing = {};

export function isNarrowed({ jobId, tag }: Narrowing): boolean {
  return jobId !== undefined || tag !== undefined;
}

/** Whether a narrowed credential still reaches this job of its tenant. */
export function reaches({ jobId, tag }: Narrowing, job: Pick<JobRecord, 'jobId' | 'tags'>): boolean {
  const tags = job.tags ?? {};
  const named = jobId === undefined || jobId === job.jobId;
  const tagged = tag === undefined || (Object.hasOwn(tags, tag.key) && tags[tag.key] === tag.value);
  return named && tagged;
}
