/** Several requests in one body, each of which is read, and refused, by itself. */
import { type Problem, problem } from '../errors.ts';
import { MAX_ITEM_LEVELS } from '../size.ts';
import { typeName } from './expectation.ts';
import { isObject } from './explain.ts';
import { MESSAGE_LIMITS, readJson } from './json.ts';
import { type ParsedSubmission, parseSubmission } from './request.ts';

export const MAX_BATCH = 100;

/** Lambda takes 6 MB for an event, in which a body may be base64. */
export const MAX_BATCH_BYTES = 4 * 1024 * 1024;

export type ParsedBatch =
  | { readonly kind: 'batch'; readonly requests: readonly ParsedSubmission[] }
  | { readonly kind: 'refused'; readonly problem: Problem };

/**
 * What is no JSON, or has a key twice anywhere, is refused as a whole, since nothing in it can be trusted. Each request in it
 * then has the limits of a request that comes alone.
 */
export function parseBatch(body: string, tenantId: string): ParsedBatch {
  const json = readJson(body, {
    keys: MESSAGE_LIMITS.keys * MAX_BATCH,
    // Of the body and its list.
    levels: MAX_ITEM_LEVELS + 2,
  });
  if (json.kind === 'refused') return json;
  const { value } = json;
  if (!isObject(value) || Array.isArray(value))
    return refused('body_not_object', '', `Expected an object with jobs, found ${typeName(value)}.`);
  const [unknown] = Object.keys(value).filter((key) => key !== 'jobs');
  if (unknown !== undefined)
    return refused('field_unknown', `/${unknown.slice(0, 64).toWellFormed()}`, 'Expected jobs alone.');
  const jobs = value['jobs'];
  if (jobs === undefined)
    return refused('field_missing', '/jobs', 'Expected a list of requests, found none.');
  if (!Array.isArray(jobs))
    return refused('field_type', '/jobs', `Expected a list of requests, found ${typeName(jobs)}.`);
  if (jobs.length < 1 || jobs.length > MAX_BATCH)
    return refused('field_invalid', '/jobs', `Expected 1 to ${MAX_BATCH} requests, found ${jobs.length}.`);
  // As text again: a request is the same, and is refused for the same reason, as one that was sent alone.
  return { kind: 'batch', requests: jobs.map((one) => parseSubmission(JSON.stringify(one), { tenantId })) };
}

function refused(code: Problem['code'], pointer: string, sentence: string): ParsedBatch {
  return { kind: 'refused', problem: problem(code, pointer, sentence) };
}
