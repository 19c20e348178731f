/** What a container reports, as the record keeps it: read by the rules of a message, and in its own name alone. */
import * as z from 'zod';
import { type ErrorCode, isErrorCode } from '../errors.ts';
import type { Result } from '../job/job.ts';
import type { Progress, ReportedFailure } from '../job/lifecycle.ts';
import { readJson } from '../request/json.ts';
import { bytesOf, isItemValue, MAX_ITEM_LEVELS } from '../size.ts';

/** The record is read and written many times in a job's life, and DynamoDB charges by its size. */
export const MAX_INLINE_BYTES = 32 * 1024;

/** A larger result belongs in objects of its own: a reader of a result reads all of it. */
export const MAX_RESULT_BYTES = 5 * 1024 * 1024;

/** The record has it in `result.inline`, which are two of the levels that an item may have. */
const INLINE_LEVELS = MAX_ITEM_LEVELS - 2;

/** @returns undefined for a text that the record has no room for, or would not keep as it is; an object does */
export function inlineResult(text: string): Result | undefined {
  if (bytesOf(text) > MAX_INLINE_BYTES) return undefined;
  const json = readJson(text);
  if (json.kind === 'refused' || !isItemValue(json.value, INLINE_LEVELS)) return undefined;
  return { inline: json.value as never }; // JSON, and a value that an item holds
}

const ProgressText = z.strictObject({
  done: z.number().min(0).max(Number.MAX_SAFE_INTEGER),
  total: z.number().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  note: z.string().optional(),
});

/** @returns undefined for what is no progress */
export function parseProgress(text: string): Progress | undefined {
  const json = readJson(text);
  if (json.kind === 'refused') return undefined;
  const parsed = ProgressText.safeParse(json.value);
  if (!parsed.success) return undefined;
  const { done, total, note } = parsed.data;
  return { done, ...(total === undefined ? {} : { total }), ...(note === undefined ? {} : { note }) };
}

/** Codes of the catalogue that are a container's to say; every other one is the platform's word. */
const OWN: ReadonlySet<ErrorCode> = new Set([
  'exit_code',
  'try_later',
  'input_rejected',
  'input_not_found',
  'input_invalid',
  'input_uri_forbidden',
  'json_too_deep',
  'json_too_many_keys',
  'json_duplicate_key',
  'json_forbidden_key',
  'number_range',
  'job_type_removed',
  'result_too_large',
  'result_format',
]);

/** A code of the worker's own is shown as `worker:code`, so that no program speaks in Headgate's name. */
export function reportedBy(code: string, message: string): ReportedFailure {
  return { code: isErrorCode(code) && OWN.has(code) ? code : `worker:${code}`, message };
}
