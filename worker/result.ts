/** Where a result goes: small ones into the record, large ones into an object that the record points to. */
import { createHash } from 'node:crypto';
import type { Result } from '../domain/job.ts';
import type { Handler, Work } from './work.ts';

/** The record is read and written many times in a job's life, and DynamoDB charges by its size. */
const MAX_INLINE_BYTES = 32 * 1024;

export async function resultOf(
  value: Awaited<ReturnType<Handler<never>>>,
  write: Work['write'],
): Promise<Result> {
  const content = JSON.stringify(value);
  if (Buffer.byteLength(content) <= MAX_INLINE_BYTES) return { inline: value };
  const { uri, bytes } = await write('result.json', content, 'application/json');
  return { object: uri, bytes, sha256: createHash('sha256').update(content).digest('hex') };
}
