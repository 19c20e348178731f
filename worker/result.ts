/** Where a result is stored: a small one in the record, a large one in an object to which the record points. */
import { inlineResult, MAX_RESULT_BYTES } from '../domain/worker/results.ts';
import { type Handler, NeverAgain, type Work } from './work.ts';

const RESULT_FILE = 'result.json';

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
): Promise<{ readonly inline: string } | { readonly object: string }> {
  const content = textOf(value);
  const size = content === undefined ? 0 : Buffer.byteLength(content);
  if (size > MAX_RESULT_BYTES) {
    throw new NeverAgain(
      'result_too_large',
      `Expected a result of at most ${MAX_RESULT_BYTES} bytes, found ${size}; write objects and name them instead.`,
    );
  }
  if (content === undefined || !isJson(value))
    throw new NeverAgain('result_format', 'The handler returned something that is not JSON.');
  if (inlineResult(content) !== undefined) return { inline: content };
  await write(RESULT_FILE, content, 'application/json');
  return { object: RESULT_FILE };
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
