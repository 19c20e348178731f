/** The manifest of an array: one line of JSON for each item, in their order. */

import { tenantMessage } from '../job/failure.ts';
import { tenantFolder } from '../job/identity.ts';
import type { JobRecord } from '../job/job.ts';
import { bytesOf } from '../size.ts';

/** Ten thousand of them fit into the memory of a function. */
const MAX_RESULT_BYTES = 2048;

export const manifestKey = (tenantId: string, arrayId: string, redrives: number): string =>
  `${tenantFolder(tenantId)}results/${arrayId}/manifest-${redrives}.jsonl`;

/** @param job the newest of its redrives; absent when the item has none, because the array was ended before */
export function manifestLine(index: number, jobId: string, job: JobRecord | undefined): string {
  if (job === undefined) return line({ index, status: 'missing' });
  const { state: status, result, failure } = job;
  return line({
    index,
    jobId,
    status,
    ...(result === undefined ? {} : resultOf(result)),
    ...(failure === undefined || status === 'succeeded'
      ? {}
      : { failure: { class: failure.class, code: failure.code, message: tenantMessage(failure) } }),
  });
}

function resultOf(result: NonNullable<JobRecord['result']>) {
  if ('object' in result) return { object: result.object, bytes: result.bytes, sha256: result.sha256 };
  return bytesOf(JSON.stringify(result.inline)) <= MAX_RESULT_BYTES
    ? { result: result.inline }
    : { inRecord: true };
}

const line = (value: object) => `${JSON.stringify(value)}\n`;
