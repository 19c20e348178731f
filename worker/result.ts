/** Where a result goes: small ones into the record, large ones into an object that the record points to. */
import { hash } from 'node:crypto';
import * as z from 'zod';
import type { Result } from '../domain/job/job.ts';
import { type Handler, NeverAgain, type Work } from './work.ts';

/** The record is read and written many times in a job's life, and DynamoDB charges by its size. */
const MAX_INLINE_BYTES = 32 * 1024;

/** What is larger belongs into objects of its own: whoever reads a result reads it whole. */
const MAX_BYTES = 5 * 1024 * 1024;
const Json = z.json();

/** @throws NeverAgain when the handler returned what is not JSON, or too much of it: another attempt would do the same */
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
