/** The formats of what a container says of itself and of its objects. Every word of a container is checked against one. */
import * as z from 'zod';
import { resultFolder } from '../job/identity.ts';
import type { JobRecord } from '../job/job.ts';

/**
 * A Batch job's id, with an index for the child of an array job; or `lambda:` and the id of a request of Lambda. It enters keys of
 * objects, so nothing else may.
 */
export const RunId = z
  .string()
  .regex(
    /^(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::\d{1,5})?|lambda:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    "expected a Batch job's id, or lambda: and a request's",
  );

/** Drawn once by a container; it repeats its claim with the same. */
export const Nonce = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16,128}$/, 'expected 16 to 128 of A-Z, a-z, 0-9, - and _');

/** Below the folder of a try: a container names its objects and never a key. */
export const ObjectName = z
  .string()
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/, 'expected 1 to 128 of A-Z, a-z, 0-9, ., _ and -');

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits');

/** @see Amazon S3 API reference, PutObject: the most of one request */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

export const NamedObject = z.strictObject({
  name: ObjectName,
  bytes: z.int('expected a whole number').min(0).max(MAX_OBJECT_BYTES, 'expected at most 5 GiB'),
  sha256: Sha256,
});
export type NamedObject = z.infer<typeof NamedObject>;

/** The key of an object that the holder of the claim wrote. The record says whose it is, never the container. */
export function keyOf(job: Pick<JobRecord, 'tenantId' | 'jobId' | 'claim'>, name: string): string {
  if (job.claim === undefined) throw new Error('The job has no claim, and so no folder of results');
  return resultFolder(job, job.claim) + name;
}
