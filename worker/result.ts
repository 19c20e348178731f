/** Where a result is stored: a small one in the record, a large one in an object to which the record points. */
import { hash } from 'node:crypto';
import * as z from 'zod';
import type { Result } from '../domain/job/job.ts';
import { type Handler, NeverAgain, type Work } from './work.ts';

/** The record is read and written many times in a job's life, and DynamoDB charges by its size. */
const MAX_INLINE_BYTES = 32 * 1024;

/** A larger result belongs in objects of its own: a reader of a result reads all of it. */
const MAX_BYTES = 5 * 1024 * 1024;
const Json = z.json();

/**
 * @throws NeverAgain when the handler returned something else than JSON, or too much of it: another attempt would do
 * the same
 */
export async function resultOf(
  value: Awaited<ReturnType<Handler<never>>>,
  write: Work['write'],
): Promise<Result> {
  if (!Json.safeParse(value).success)
    throw new NeverAgain('result_format', 'The handler returned something that is not JSON.');
  const content = JSON.stringify(value);
  if (Buffer.byteLength(content) > MAX_BYTES) {
    throw new NeverAgain(
      'result_too_large',
      `Expected a result of at most ${MAX_BYTES} bytes; write objects and name them instead.`,
    );
  }
  if (Buffer.byteLength(content) <= MAX_INLINE_BYTES) return { inline: value };
  const { uri, bytes } = await write('result.json', content, 'application/json');
  return { object: uri, bytes, sha256: hash('sha256', content) };
}
