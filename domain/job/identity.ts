/** Names: folders, Batch job names, shards. Hashing is `application/job/identity.ts`. */
import type { JobRecord } from './job.ts';

const BATCH_JOB_NAME = /^hg-(job_[a-z2-7]{26})-([1-9]\d{0,3})$/;

/** The Batch job name is how an attempt is found after a lost answer to SubmitJob (ListJobs has no other search). */
export function batchJobName(jobId: string, attempt: number): string {
  return `hg-${jobId}-${attempt}`;
}

export function parseBatchJobName(name: string): { jobId: string; attempt: number } | undefined {
  const match = BATCH_JOB_NAME.exec(name);
  return match?.[1] === undefined ? undefined : { jobId: match[1], attempt: Number(match[2]) };
}

/** The key prefix of all objects of a tenant. */
export function tenantFolder(tenantId: string): string {
  return `tenants/${tenantId}/`;
}

/** Whether an s3:// address is in the tenant's folder of our bucket, with no way out of it. */
export function ownsObject(uri: string, tenantId: string, bucket: string): boolean {
  const prefix = `s3://${bucket}/${tenantFolder(tenantId)}`;
  return (
    uri.startsWith(prefix) &&
    uri.length > prefix.length &&
    !uri.slice(prefix.length).split('/').includes('..')
  );
}

/** The bucket and the tenant of an address of ours. */
export function tenantOfFolder(uri: string): { bucket: string; tenantId: string } {
  const { bucket, key } = parseObjectUri(uri);
  return { bucket, tenantId: key.split('/')[1] ?? '' };
}

export function parseObjectUri(uri: string): { bucket: string; key: string } {
  const slash = uri.indexOf('/', 's3://'.length);
  return { bucket: uri.slice('s3://'.length, slash), key: uri.slice(slash + 1) };
}

/**
 * Results are kept under the try of the Batch job that wrote them: a late duplicate, or the container of a host that was given
 * up, has another folder than the winner.
 */
export function resultFolder(
  job: Pick<JobRecord, 'tenantId' | 'jobId'>,
  run: { readonly runId: string; readonly try: number },
): string {
  const name = `${run.runId.replaceAll(':', '-')}-${run.try}`;
  return `${resultsOf(job.tenantId)}${job.jobId}/${name}/`;
}

/** @returns the job in whose folder of results the object is; undefined for an object of another folder */
export function jobOfResult(tenantId: string, key: string): string | undefined {
  const folder = resultsOf(tenantId);
  return key.startsWith(folder) ? key.slice(folder.length).split('/')[0] : undefined;
}

/** The key prefix of what the jobs of a tenant have written. */
export const resultsOf = (tenantId: string): string => `${tenantFolder(tenantId)}results/`;

/** The input of a job that has it in its record, for containers that read files alone. No container may write here. */
export function inputFileKey({ tenantId, jobId }: Pick<JobRecord, 'tenantId' | 'jobId'>): string {
  return `${resultsOf(tenantId)}${jobId}/input.json`;
}

/** Shards of the `due` index: one index partition takes 1,000 writes a second, and all jobs of a minute share a time. */
export const DUE_SHARDS = 8;

export function dueShard(id: string): string {
  return String(fnv1a(id) % DUE_SHARDS);
}

/**
 * Batch refuses a job that would bring a fair-share queue over 500 active share identifiers, so the tenants of one weight
 * share a fixed number of them. Two tenants in one share still have their own caps.
 */
const SHARES_OF_A_WEIGHT = 64;

/** The prefix tells the scheduling policy of resources/batch.yml the weight. */
export function shareIdentifier(tenantId: string, weight: number): string {
  return `w${weight}x${fnv1a(tenantId) % SHARES_OF_A_WEIGHT}`;
}

const utf8 = new TextEncoder();

/**
 * A hash of 32 bits.
 * @see https://www.rfc-editor.org/rfc/rfc9923
 */
export function fnv1a(text: string): number {
  let hash = 2_166_136_261;
  for (const byte of utf8.encode(text)) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  // The low bits alone are unevenly distributed, and remainders are taken of them.
  return (hash ^ (hash >>> 16)) >>> 0;
}
