/** Where a result is stored: a small one in the record, a large one in an object to which the record points. */
import { hash } from 'node:crypto';
import type { Result } from '../domain/job/job.ts';
import { isItemValue, MAX_ITEM_LEVELS } from '../domain/size.ts';
import { type Handler, NeverAgain, type Work } from './work.ts';

/** The record is read and written many times in a job's life, and DynamoDB charges by its size. */
const MAX_INLINE_BYTES = 32 * 1024;

/** A larger result belongs in objects of its own: a reader of a result reads all of it. */
const MAX_BYTES = 5 * 1024 * 1024;

/** The record has it in `result.inline`, which are two of the levels that an item may have. */
const INLINE_LEVELS = MAX_ITEM_LEVELS - 2;

/**
 * What the table would change or refuse is JSON all the same, and an object keeps it as it is: work that is done is never
 * repeated for the way its result is stored.
 *
 * @throws NeverAgain when the handler returned something else than JSON, or too much of it: another attempt would do
 * the same
 */
export async function resultOf(
  value: Awaited<ReturnType<Handler<never>>>,
  write: Work['write'],
): Promise<Result> {
  const content = textOf(value);
  const size = content === undefined ? 0 : Buffer.byteLength(content);
  if (size > MAX_BYTES) {
    throw new NeverAgain(
      'result_too_large',
      `Expected a result of at most ${MAX_BYTES} bytes, found ${size}; write objects and name them instead.`,
    );
  }
  if (content === undefined || !isJson(value))
    throw new NeverAgain('result_format', 'The handler returned something that is not JSON.');
  if (size <= MAX_INLINE_BYTES && isItemValue(value, INLINE_LEVELS)) return { inline: value };
  const { uri, bytes } = await write('result.json', content, 'application/json');
  return { object: uri, bytes, sha256: hash('sha256', content) };
}

/** @returns undefined for what has no text: nothing, a circle, a large integer, or more levels than the stack holds */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

/** JSON.stringify turns dates, maps and NaN into something else. Without recursion: a few thousand levels have a text. */
function isJson(root: unknown): boolean {
  const unseen = [root];
  while (unseen.length > 0) {
    const value = unseen.pop();
    if (typeof value === 'object' && value !== null) {
      if (!Array.isArray(value) && !isPlain(value)) return false;
      // A hole in a list is a value that is missing, and Object.values would pass over it.
      for (const each of Array.isArray(value) ? value : Object.values(value)) unseen.push(each);
    } else if (typeof value === 'number' ? !Number.isFinite(value) : !isSimple(value)) return false;
  }
  return true;
}

const isSimple = (value: unknown) =>
  value === null || typeof value === 'string' || typeof value === 'boolean';

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
