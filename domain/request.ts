/**
 * The front-queue message: what a service sends to start a job.
 *
 * Strict: a field is accepted, or refused by name. A misspelt `idempotencyKey` that was silently ignored
 * would run the job twice.
 */
import { z } from 'zod';
import { type Problem, problem } from './errors.ts';
import { nearest } from './spelling.ts';

/** SQS carries 1 MiB; the record must stay well under DynamoDB's 400 KB item, so large inputs go to S3. */
export const MAX_BODY_BYTES = 256 * 1024;

export const TenantId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'expected 1 to 63 of a-z, 0-9 and -, as in a host name');
export const JobTypeId = z
  .string()
  .max(64)
  .regex(/^[a-z0-9]+(?:[.-][a-z0-9]+)*$/, 'expected dotted lower-case words such as csv.summarise');
export const IdempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 printable ASCII characters without spaces');
export const ObjectUri = z
  .string()
  .max(1024)
  .regex(/^s3:\/\/[a-z0-9.-]{3,63}\/[^\s]+$/, 'expected s3://bucket/key');

const JsonObject = z.record(z.string(), z.json());

/**
 * @example { "specVersion": "1", "tenantId": "acme", "jobType": "csv.summarise", "idempotencyKey": "report-42",
 *            "input": { "csv": "s3://jobs/tenants/acme/inputs/sales.csv" } }
 */
export const JobRequest = z.strictObject({
  specVersion: z.literal('1'),
  tenantId: TenantId,
  jobType: JobTypeId,
  /** Absent: the SQS message id stands in, which protects against redelivery but not against sending twice. */
  idempotencyKey: IdempotencyKey.optional(),
  input: JsonObject.optional(),
  inputRef: ObjectUri.optional(),
  /** Per attempt. Batch enforces it and takes nothing below 60. */
  timeoutSeconds: z.int().min(60).max(1_209_600).optional(),
  tags: z
    .record(z.string().regex(/^(?!aws:)[\w .:/=+@-]{1,128}$/), z.string().max(256))
    .refine((tags) => Object.keys(tags).length <= 10, 'expected at most 10 tags')
    .optional(),
  /** Echoed in every webhook, opaque to us. */
  metadata: JsonObject.refine(
    (m) => JSON.stringify(m).length <= 4096,
    'expected at most 4096 characters',
  ).optional(),
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/, 'expected a W3C traceparent')
    .optional(),
});
export type JobRequest = z.infer<typeof JobRequest>;

/** Fields the schema reserves. Ignoring them would break what the sender asked for, so they are refused by name. */
const RESERVED = new Set(
  (
    'action priority concurrencyKey runAt delaySeconds ttlSeconds retry deadlineSeconds dependsOn array ' +
    'resources notify'
  ).split(' '),
);

export type ParsedRequest =
  | { readonly kind: 'parsed'; readonly request: JobRequest }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** Reads one message body. Never throws; a refusal never repeats the offending value. */
export function parseRequest(body: string): ParsedRequest {
  const bytes = new TextEncoder().encode(body).length;
  if (bytes > MAX_BODY_BYTES) {
    return refused(
      problem(
        'body_too_large',
        '',
        `Expected at most ${MAX_BODY_BYTES} bytes, found ${bytes}; put large inputs in S3 and send inputRef.`,
      ),
    );
  }
  const json = parseJson(body);
  if (json.kind === 'refused') return json;
  const parsed = JobRequest.safeParse(json.value);
  if (!parsed.success) return refused(explain(parsed.error, json.value));
  const { input, inputRef } = parsed.data;
  if ((input === undefined) === (inputRef === undefined)) {
    return refused(problem('input_ambiguous', '/input', 'Expected exactly one of input and inputRef.'));
  }
  return { kind: 'parsed', request: parsed.data };
}

function parseJson(body: string): { kind: 'json'; value: object } | { kind: 'refused'; problem: Problem } {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return refused(problem('body_not_json', '', 'Expected a JSON object, found text that is not JSON.'));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refused(problem('body_not_object', '', `Expected a JSON object, found ${typeName(value)}.`));
  }
  return { kind: 'json', value };
}

/** The one problem we report: an unknown version explains everything else, a misspelt field explains a missing one. */
function explain(error: z.ZodError, body: object): Problem {
  const issue =
    error.issues.find((i) => i.path[0] === 'specVersion') ??
    error.issues.find((i) => i.code === 'unrecognized_keys') ??
    error.issues[0];
  if (issue === undefined) return problem('field_invalid', '', 'The message does not fit the schema.');
  const pointer = jsonPointer(issue.path);
  if (issue.path[0] === 'specVersion') {
    return problem(
      'unsupported_version',
      pointer,
      'Expected specVersion "1", the only version this stack speaks.',
    );
  }
  if (issue.code === 'unrecognized_keys') return explainUnknownField(issue.keys[0] ?? '');
  return explainIssue(issue, body);
}

function explainUnknownField(field: string): Problem {
  const pointer = jsonPointer([field.slice(0, 64)]);
  if (RESERVED.has(field)) {
    return problem(
      'not_supported_yet',
      pointer,
      `The field ${field} is reserved and not supported yet; leave it out.`,
    );
  }
  const meant = nearest(field, [...Object.keys(JobRequest.shape), ...RESERVED]);
  const hint = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return problem('field_unknown', pointer, `The message schema has no such field.${hint}`);
}

/** Turns one schema issue into a problem; also used for a job type's own input schema. */
export function explainIssue(issue: z.core.$ZodIssue, value: unknown, prefix = ''): Problem {
  const pointer = prefix + jsonPointer(issue.path);
  if (issue.code === 'invalid_type') {
    const found = issue.path.reduce<unknown>(
      (at, key) => (isObject(at) ? at[String(key)] : undefined),
      value,
    );
    if (found === undefined)
      return problem('field_missing', pointer, `Expected a value of type ${issue.expected}.`);
    return problem('field_type', pointer, `Expected ${issue.expected}, found ${typeName(found)}.`);
  }
  return problem('field_invalid', pointer, sentence(issue.message));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function refused(problem: Problem): { kind: 'refused'; problem: Problem } {
  return { kind: 'refused', problem };
}

/** RFC 6901. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function sentence(text: string): string {
  const trimmed = text.slice(0, 200);
  const start = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return start.endsWith('.') ? start : `${start}.`;
}
