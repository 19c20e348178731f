/** The size of a value: as text, and in an item of DynamoDB, which counts in another way. */

/** In UTF-8, as everything that is limited in bytes is counted. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The beginning of a text, in whole characters. */
export function shortened(text: string, maxCharacters: number): string {
  return text.slice(0, maxCharacters).toWellFormed();
}

/**
 * An item may have 400 KB. The request of a job must leave room for an inline result and the history of its attempts,
 * or the write that ends the job would be refused.
 */
export const MAX_REQUEST_ITEM_BYTES = 256 * 1024;
/** For the same reason: what a handler reports of its work or its failure, and what the history keeps of that. */
export const MAX_WORDS_CHARACTERS = 1000;
export const MAX_PAST_WORDS_CHARACTERS = 255;
/** What AWS says of a failure; a container's reason alone may have 255. */
export const MAX_REASON_CHARACTERS = 512;

/**
 * The size of parsed JSON in an item. A list of short numbers takes one and a half times its text.
 *
 * @see Amazon DynamoDB developer guide, "DynamoDB item sizes and formats"
 */
export function itemBytesOf(value: unknown): number {
  if (typeof value === 'string') return bytesOf(value);
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object' || value === null) return 1;
  let bytes = 3;
  if (Array.isArray(value)) {
    for (const each of value) bytes += 1 + itemBytesOf(each);
  } else {
    for (const [key, each] of Object.entries(value)) bytes += 1 + bytesOf(key) + itemBytesOf(each);
  }
  return bytes;
}

/** One byte, one for two digits, and one for a sign; the point and the power count as digits, so it may be less. */
function numberBytes(value: number): number {
  return 1 + Math.ceil(String(Math.abs(value)).length / 2) + (value < 0 ? 1 : 0);
}

/** @see Amazon DynamoDB developer guide, "Quotas": nested attribute depth */
export const MAX_ITEM_LEVELS = 32;

/**
 * Whether an item holds a number exactly: beyond 2^53 the table's client refuses it because digits were lost, below 1e-130
 * DynamoDB does.
 */
export function isItemNumber(value: number): boolean {
  const size = Math.abs(value);
  return size <= Number.MAX_SAFE_INTEGER && (size === 0 || size >= 1e-130);
}

/**
 * Whether an item holds a JSON value as it is. `levels` is what is left of the nesting that DynamoDB allows, and bounds the
 * recursion.
 */
export function isItemValue(value: unknown, levels: number): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value === 'number') return isItemNumber(value);
  if (typeof value !== 'object' || value === null) return true;
  if (levels === 0) return false;
  return Object.entries(value).every(
    ([key, each]) => key !== '' && key.isWellFormed() && isItemValue(each, levels - 1),
  );
}
