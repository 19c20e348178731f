/**
 * The message of the front queue, with which a service starts a job.
 *
 * The schema is strict: a field is accepted, or refused by name. An ignored misspelling of `idempotencyKey` would run
 * the job twice.
 */
import * as z from 'zod';
import { Dependency, MAX_DEPENDENCIES, OnDependencyFailure } from '../dependency/dependency.ts';
import { type Problem, problem } from '../errors.ts';
import { MAX_CONCURRENCY, MAX_FAILED, MAX_INLINE_ITEMS } from '../group/array.ts';
import { MAX_EXPECTED } from '../group/group.ts';
import {
  ConcurrencyKey,
  GroupId,
  IdempotencyKey,
  JOB_ID,
  JobTypeId,
  JsonObject,
  ObjectUri,
  TenantId,
} from '../job/ids.ts';
import { Priority } from '../job/priority.ts';
import { bytesOf, itemBytesOf, MAX_REQUEST_ITEM_BYTES } from '../size.ts';
import { foreignBody, foreignObjectBody, foreignValue } from './envelope.ts';
import { inOurWords } from './expectation.ts';
import { explain, isObject } from './explain.ts';
import { type Json, MESSAGE_LIMITS, readJson } from './json.ts';

/**
 * SQS accepts 1 MiB, but the record must stay well below DynamoDB's limit of 400 KB for an item, so large inputs go
 * to S3.
 */
export const MAX_BODY_BYTES = 256 * 1024;

/** A year: a longer wait is more likely a wrong unit. */
export const MAX_WAIT_SECONDS = 366 * 86_400;

/** AWS Batch accepts no timeout below a minute. */
export const MIN_DEADLINE_SECONDS = 60;

/** What AWS accepts as a tag. A tag with AWS's own prefix would be refused later, and one with ours overwritten. */
const TagKey = z
  .string()
  .regex(
    /^(?!aws:|headgate:)[\p{L}\p{N} .:/=+@_-]{1,128}$/iu,
    'expected letters, digits, spaces and .:/=+@_-',
  );
const TagValue = z
  .string()
  .regex(/^[\p{L}\p{N} .:/=+@_-]{0,256}$/u, 'expected letters, digits, spaces and .:/=+@_-');

/**
 * @example { "specVersion": "1", "tenantId": "acme", "jobType": "csv.summarise", "idempotencyKey": "report-42",
 *            "input": { "csv": "s3://jobs/tenants/acme/inputs/sales.csv" } }
 */
export const JobRequest = z.strictObject({
  specVersion: z.literal('1'),
  tenantId: TenantId,
  jobType: JobTypeId,
  /** Absent: the SQS message id is used, which protects against redelivery but not against sending twice. */
  idempotencyKey: IdempotencyKey.optional(),
  input: JsonObject.optional(),
  inputRef: ObjectUri.optional(),
  action: z.literal('job.submit').optional(),
  /** The job does not begin before. A moment in the past means now: a dead letter may be redriven days later. */
  runAt: z.iso
    .datetime({ offset: true, error: 'expected an ISO 8601 time with seconds and a zone' })
    .optional(),
  delaySeconds: z.int().min(0).max(MAX_WAIT_SECONDS).optional(),
  /** Counted from the moment at which the job may run. If no attempt has started by then, the job expires. */
  ttlSeconds: z.int().min(1).max(MAX_WAIT_SECONDS).optional(),
  /** Counted from acceptance, over all attempts and waits. */
  deadlineSeconds: z.int().min(MIN_DEADLINE_SECONDS).max(MAX_WAIT_SECONDS).optional(),
  /** For each attempt. AWS Batch enforces it and accepts nothing below 60. */
  timeoutSeconds: z.int().min(60).max(1_209_600).optional(),
  /** Among the tenant's own jobs; `normal` if absent. */
  priority: Priority.optional(),
  concurrencyKey: ConcurrencyKey.optional(),
  tags: z
    .record(TagKey, TagValue)
    .refine((tags) => Object.keys(tags).length <= 10, 'expected at most 10 tags')
    .optional(),
  /** Repeated in each webhook, opaque to Headgate. */
  metadata: JsonObject.refine(
    (m) => bytesOf(JSON.stringify(m)) <= 4096,
    'expected at most 4096 bytes',
  ).optional(),
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/, 'expected a W3C traceparent')
    .optional(),
  /** The job is a member of this group of its tenant. */
  group: GroupId.optional(),
  /** The job begins when all of these have ended as it says, also those that have yet to come. */
  dependsOn: z.array(Dependency).min(1, 'expected at least one job').optional(),
  /** `fail` if absent. */
  onDependencyFailure: OnDependencyFailure.optional(),
  /** Counted from acceptance; seven days if absent. */
  dependencyTimeoutSeconds: z.int().min(MIN_DEADLINE_SECONDS).max(MAX_WAIT_SECONDS).optional(),
});
export type JobRequest = z.infer<typeof JobRequest>;

/**
 * One job for each item: everything else is the same for all of them.
 *
 * @example { "specVersion": "1", "tenantId": "acme", "jobType": "csv.summarise", "idempotencyKey": "import-42",
 *            "array": { "items": [{ "csv": "s3://jobs/tenants/acme/inputs/1.csv" }] } }
 */
export const ArrayRequest = JobRequest.omit({ input: true, inputRef: true, group: true }).extend({
  array: z.strictObject({
    /** The input of each job. */
    items: z.array(JsonObject).optional(),
    /** Or an object of the tenant's folder, each line of which is the input of one job. */
    itemsRef: ObjectUri.optional(),
    /** So many of its jobs run at once, beside the caps of the tenant. */
    concurrency: z.int().min(1).max(MAX_CONCURRENCY).optional(),
    /** When more of its items have failed, the others are cancelled. */
    maxFailed: z.int().min(0).max(MAX_FAILED).optional(),
  }),
});
export type ArrayRequest = z.infer<typeof ArrayRequest>;

/** Asks for the end of a job in any state, even of a job whose own message has not arrived yet. */
export const CancelRequest = z.strictObject({
  specVersion: z.literal('1'),
  action: z.literal('job.cancel'),
  tenantId: TenantId,
  idempotencyKey: IdempotencyKey.optional(),
  jobId: z.string().regex(JOB_ID, 'expected a job id').optional(),
});
export type CancelRequest = z.infer<typeof CancelRequest>;

/** Asks for the end of a group: it takes no more members once it has as many as are expected, or now. */
export const GroupSealRequest = z.strictObject({
  specVersion: z.literal('1'),
  action: z.literal('group.seal'),
  tenantId: TenantId,
  group: GroupId,
  expect: z.int().min(0).max(MAX_EXPECTED).optional(),
  /** A member that has not come by then is counted as missing; counted from the seal. */
  groupTimeoutSeconds: z.int().min(MIN_DEADLINE_SECONDS).max(MAX_WAIT_SECONDS).optional(),
});
export type GroupSealRequest = z.infer<typeof GroupSealRequest>;

/** Asks for the end of all members of a group, which takes no more. */
export const GroupCancelRequest = z.strictObject({
  specVersion: z.literal('1'),
  action: z.literal('group.cancel'),
  tenantId: TenantId,
  group: GroupId,
});
export type GroupCancelRequest = z.infer<typeof GroupCancelRequest>;

const RESERVED = ['retry', 'resources', 'notify'];
const FORBIDDEN = [
  ...['command', 'image', 'environment', 'jobDefinition', 'jobQueue', 'containerOverrides', 'roleArn'],
  ...['callbackUrl', 'webhookUrl', 'url'],
];

export type ParsedRequest =
  | { readonly kind: 'submit'; readonly request: JobRequest }
  | { readonly kind: 'array'; readonly request: ArrayRequest }
  | { readonly kind: 'cancel'; readonly cancel: CancelRequest }
  | { readonly kind: 'group'; readonly asked: GroupSealRequest | GroupCancelRequest }
  | { readonly kind: 'refused'; readonly problem: Problem };

export type ParsedSubmission = Extract<ParsedRequest, { readonly kind: 'submit' | 'refused' }>;
export type ParsedArray = Extract<ParsedRequest, { readonly kind: 'array' | 'refused' }>;

/** Reads one message body. Never throws; a refusal never repeats the offending value. */
export function parseRequest(body: string): ParsedRequest {
  const read = readBody(body);
  if (read.kind === 'refused') return read;
  const foreign = foreignObjectBody(read.fields);
  if (foreign !== undefined) return refused(foreign);
  switch (read.fields['action']) {
    case 'job.cancel':
      return parseCancel(read.fields);
    case 'group.seal':
      return parseGroupRequest(read.fields, GroupSealRequest);
    case 'group.cancel':
      return parseGroupRequest(read.fields, GroupCancelRequest);
    default:
      return 'array' in read.fields ? parseArray(read.fields) : parseSubmit(read.fields);
  }
}

/** What is known of a sender that is not the front queue. */
export interface Sender {
  /** Of its credential. */
  readonly tenantId: string;
  /** From beside the body. */
  readonly idempotencyKey?: string | undefined;
}

/** Keys with these beginnings belong to occurrences of schedules, and to the jobs of arrays. */
const RESERVED_KEYS = /^(schedule|array):/;

/**
 * Reads the body of a submission whose sender is known otherwise. The request is the same, with the same fingerprint, as that
 * of the message with these fields: it is one job, through whichever door it comes.
 */
export function parseSubmission(body: string, sender: Sender): ParsedSubmission {
  const read = readSubmission(body, sender);
  if (read.kind === 'refused') return read;
  if ('array' in read.fields)
    return refused(problem('field_forbidden', '/array', 'Expected one job; an array is sent to /v1/arrays.'));
  const parsed = parseSubmit(read.fields);
  return parsed.kind === 'refused' ? parsed : (keyProblem(parsed.request) ?? parsed);
}

/** The same for an array. */
export function parseArraySubmission(body: string, sender: Sender): ParsedArray {
  const read = readSubmission(body, sender);
  if (read.kind === 'refused') return read;
  const parsed = parseArray(read.fields);
  return parsed.kind === 'refused' ? parsed : (keyProblem(parsed.request) ?? parsed);
}

function readSubmission(body: string, { tenantId, idempotencyKey }: Sender): Read {
  const read = readBody(body);
  if (read.kind === 'refused') return read;
  const { fields } = read;
  if ('tenantId' in fields) {
    const expected = 'Expected no tenantId: the credential says whose job it is.';
    return refused(problem('field_forbidden', '/tenantId', expected));
  }
  if (
    idempotencyKey !== undefined &&
    'idempotencyKey' in fields &&
    fields['idempotencyKey'] !== idempotencyKey
  )
    return refused(
      problem('field_invalid', '/idempotencyKey', 'Expected the key of the header, found another one.'),
    );
  const given = idempotencyKey === undefined ? {} : { idempotencyKey };
  const whole = { specVersion: '1', ...fields, tenantId, ...given };
  const foreign = foreignObjectBody(whole);
  return foreign === undefined ? { kind: 'read', fields: whole } : refused(foreign);
}

function keyProblem({ idempotencyKey: key }: { readonly idempotencyKey?: string | undefined }) {
  if (key === undefined) {
    const expected = 'Expected the header Idempotency-Key or the field idempotencyKey, found none.';
    return refused(problem('idempotency_key_missing', '/idempotencyKey', expected));
  }
  const expected = 'Expected a key that does not begin with schedule: or array:.';
  return RESERVED_KEYS.test(key) ? refused(problem('field_invalid', '/idempotencyKey', expected)) : undefined;
}

type Read =
  | { readonly kind: 'read'; readonly fields: Record<string, unknown> }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** The one object of a body, with the checks of JSON that each door makes. */
export function readBody(body: string): Read {
  const bytes = bytesOf(body);
  if (bytes > MAX_BODY_BYTES) return tooLarge(`${MAX_BODY_BYTES} bytes`, bytes);
  const json = readKeys(body);
  if (json.kind === 'refused')
    return json.problem.code === 'body_not_json' ? refused(foreignBody(body)) : json;
  // No value takes twice the size of its text, so most bodies need not be counted.
  const itemBytes = bytes > MAX_REQUEST_ITEM_BYTES / 2 ? itemBytesOf(json.value) : 0;
  if (itemBytes > MAX_REQUEST_ITEM_BYTES)
    return tooLarge(`${MAX_REQUEST_ITEM_BYTES} bytes as DynamoDB counts them`, itemBytes);
  if (!isObject(json.value) || Array.isArray(json.value)) {
    return refused(foreignValue(json.value));
  }
  return { kind: 'read', fields: json.value };
}

/** A thousand items of a few keys each. */
const MAX_ARRAY_KEYS = 20_000;

/** Only an array may have as many keys as its items need. */
function readKeys(body: string): Json {
  if (!body.includes('"array"')) return readJson(body);
  const json = readJson(body, { ...MESSAGE_LIMITS, keys: MAX_ARRAY_KEYS });
  return json.kind === 'json' && isObject(json.value) && 'array' in json.value ? json : readJson(body);
}

function parseArray(body: Record<string, unknown>): ParsedArray {
  const beside = ['input', 'inputRef', 'group'].find((name) => name in body);
  if (beside !== undefined) {
    const why = beside === 'group' ? 'an array is its own group' : 'each item is the input of one job';
    return refused(problem('field_forbidden', `/${beside}`, `Expected no ${beside} beside array: ${why}.`));
  }
  const parsed = ArrayRequest.safeParse(body, inOurWords);
  if (!parsed.success) {
    const known = Object.keys(ArrayRequest.shape);
    return refused(explain(parsed.error, body, { known, reserved: RESERVED, forbidden: FORBIDDEN }));
  }
  const unfit = arrayProblem(parsed.data) ?? timesProblem(parsed.data) ?? dependsOnProblem(parsed.data);
  return unfit === undefined ? { kind: 'array', request: parsed.data } : refused(unfit);
}

function arrayProblem({ array, concurrencyKey }: ArrayRequest): Problem | undefined {
  const { items, itemsRef, concurrency } = array;
  if ((items === undefined) === (itemsRef === undefined))
    return problem('input_ambiguous', '/array', 'Expected exactly one of items and itemsRef.');
  if (concurrency !== undefined && concurrencyKey !== undefined) {
    const expected =
      'Expected no concurrencyKey beside array.concurrency: the jobs of the array have a key of their own.';
    return problem('field_forbidden', '/concurrencyKey', expected);
  }
  if (items?.length === 0)
    return problem('array_empty', '/array/items', 'Expected at least one item, found none.');
  if (items === undefined || items.length <= MAX_INLINE_ITEMS) return undefined;
  const expected = `Expected at most ${MAX_INLINE_ITEMS} items, found ${items.length}; an object at itemsRef may have more.`;
  return problem('array_too_large', '/array/items', expected);
}

function parseSubmit(body: Record<string, unknown>): ParsedSubmission {
  const parsed = JobRequest.safeParse(body, inOurWords);
  if (!parsed.success) {
    const known = Object.keys(JobRequest.shape);
    return refused(explain(parsed.error, body, { known, reserved: RESERVED, forbidden: FORBIDDEN }));
  }
  const { input, inputRef } = parsed.data;
  if ((input === undefined) === (inputRef === undefined)) {
    return refused(problem('input_ambiguous', '/input', 'Expected exactly one of input and inputRef.'));
  }
  const unfit = timesProblem(parsed.data) ?? dependsOnProblem(parsed.data);
  return unfit === undefined ? { kind: 'submit', request: parsed.data } : refused(unfit);
}

function timesProblem({ runAt, delaySeconds }: Pick<JobRequest, 'runAt' | 'delaySeconds'>) {
  return runAt !== undefined && delaySeconds !== undefined
    ? problem('field_invalid', '/delaySeconds', 'Expected at most one of runAt and delaySeconds.')
    : undefined;
}

function dependsOnProblem({
  dependsOn,
  onDependencyFailure,
  dependencyTimeoutSeconds,
}: Pick<JobRequest, 'dependsOn' | 'onDependencyFailure' | 'dependencyTimeoutSeconds'>): Problem | undefined {
  if (dependsOn === undefined) {
    const names = { onDependencyFailure, dependencyTimeoutSeconds };
    const [alone] = Object.entries(names).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    const expected = `Expected ${alone} beside dependsOn only.`;
    return alone === undefined ? undefined : problem('field_invalid', `/${alone}`, expected);
  }
  if (dependsOn.length <= MAX_DEPENDENCIES) return undefined;
  const expected = `Expected at most ${MAX_DEPENDENCIES}, found ${dependsOn.length}.`;
  return problem('dependency_too_many', '/dependsOn', expected);
}

function parseCancel(body: Record<string, unknown>): ParsedRequest {
  const parsed = CancelRequest.safeParse(body, inOurWords);
  if (!parsed.success) {
    const known = Object.keys(CancelRequest.shape);
    return refused(explain(parsed.error, body, { known, reserved: [], forbidden: [] }));
  }
  if ((parsed.data.jobId === undefined) === (parsed.data.idempotencyKey === undefined)) {
    return refused(problem('field_invalid', '/jobId', 'Expected exactly one of jobId and idempotencyKey.'));
  }
  return { kind: 'cancel', cancel: parsed.data };
}

function parseGroupRequest(
  body: Record<string, unknown>,
  schema: typeof GroupSealRequest | typeof GroupCancelRequest,
): ParsedRequest {
  const parsed = schema.safeParse(body, inOurWords);
  if (parsed.success) return { kind: 'group', asked: parsed.data };
  const known = Object.keys(schema.shape);
  return refused(explain(parsed.error, body, { known, reserved: [], forbidden: [] }));
}

function tooLarge(limit: string, bytes: number): { kind: 'refused'; problem: Problem } {
  const advice = 'put large inputs in S3 and send inputRef';
  return refused(problem('body_too_large', '', `Expected at most ${limit}, found ${bytes}; ${advice}.`));
}

function refused(problem: Problem): { kind: 'refused'; problem: Problem } {
  return { kind: 'refused', problem };
}
