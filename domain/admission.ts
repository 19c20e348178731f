/** Whether a parsed message may become a job, and the record it becomes. */
import { type Problem, problem } from './errors.ts';
import { ownsObject } from './identity.ts';
import type { JobRecord } from './job.ts';
import type { JobType, JobTypes } from './job-type.ts';
import { explainIssue, type JobRequest, jsonPointer } from './request.ts';
import type { Tenant } from './tenant.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly type: JobType }
  | { readonly kind: 'refused'; readonly problem: Problem };

/** The only check that must also run at the worker is the last: an input behind `inputRef` is not read here. */
export function admit(
  request: JobRequest,
  tenant: Tenant | undefined,
  types: JobTypes,
  bucket: string,
): Admission {
  const found = whatForbids(request, tenant, types, bucket);
  const type = types.get(request.jobType);
  if (found !== undefined || type === undefined) {
    return { kind: 'refused', problem: found ?? unknownType(types) };
  }
  return { kind: 'admitted', type };
}

function whatForbids(
  request: JobRequest,
  tenant: Tenant | undefined,
  types: JobTypes,
  bucket: string,
): Problem | undefined {
  if (tenant === undefined)
    return problem('tenant_unknown', '/tenantId', 'Expected the id of a registered tenant.');
  if (tenant.status === 'suspended') {
    return problem('tenant_suspended', '/tenantId', 'The tenant is suspended and may not start jobs.');
  }
  const type = types.get(request.jobType);
  if (type === undefined) return unknownType(types);
  if (request.timeoutSeconds !== undefined && request.timeoutSeconds > type.timeoutSeconds.max) {
    const message = `Expected at most ${type.timeoutSeconds.max} seconds for this job type, found ${request.timeoutSeconds}.`;
    return problem('field_invalid', '/timeoutSeconds', message);
  }
  return foreignObject(request, bucket) ?? (request.input && inputProblem(request.input, type));
}

function unknownType(types: JobTypes): Problem {
  return problem('job_type_unknown', '/jobType', `Expected one of: ${[...types.keys()].join(', ')}.`);
}

/** Shared with the worker, which checks an input it fetched from S3 by the same rule. */
export function inputProblem(input: unknown, type: JobType): Problem | undefined {
  const parsed = type.input.safeParse(input);
  const issue = parsed.error?.issues[0];
  if (issue === undefined) return undefined;
  const { pointer, message } = explainIssue(issue, input, '/input');
  const hint = issue.code === 'unrecognized_keys' ? `Unknown field ${issue.keys[0]?.slice(0, 64)}.` : message;
  return problem('input_invalid', pointer, hint);
}

/**
 * Any s3:// string anywhere in a request must lie in the tenant's own folder, whatever the job type's schema says:
 * the worker's role can read every tenant's objects, so this is what keeps tenants apart.
 */
export function foreignObject(
  request: Pick<JobRequest, 'tenantId' | 'input' | 'inputRef'>,
  bucket: string,
): Problem | undefined {
  const place = findString({ input: request.input, inputRef: request.inputRef }, [], (text) => {
    return text.startsWith('s3://') && !ownsObject(text, request.tenantId, bucket);
  });
  if (place === undefined) return undefined;
  const expected = `s3://${bucket}/tenants/${request.tenantId}/...`;
  return problem(
    'input_uri_forbidden',
    jsonPointer(place),
    `Expected an address in the tenant's own folder, ${expected}`,
  );
}

function findString(
  value: unknown,
  path: readonly string[],
  matches: (text: string) => boolean,
): readonly string[] | undefined {
  if (typeof value === 'string') return matches(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    const found = findString(child, [...path, key], matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A healthy submission takes seconds; after this long the sweep looks whether its message was lost. */
const FIRST_LOOK_MS = 70_000;

export interface Identity {
  readonly jobId: string;
  readonly idempotencyKey: string;
  readonly fingerprint: string;
}

export function newJob(
  request: JobRequest,
  { jobId, idempotencyKey, fingerprint }: Identity,
  nowMs: number,
): JobRecord {
  const { specVersion: _, ...asked } = request;
  return {
    ...asked,
    jobId,
    idempotencyKey,
    fingerprint,
    state: 'waiting',
    waitReason: 'ready',
    version: 1,
    stateVersion: 1,
    stateAt: nowMs,
    attempt: 1,
    calls: 0,
    endedAttempts: [],
    createdAt: nowMs,
    dueAt: nowMs + FIRST_LOOK_MS,
  };
}

/** The text whose hash is the fingerprint: the same request whatever the order of its fields or its trace. */
export function fingerprintText(request: JobRequest): string {
  const { traceparent: _, ...asked } = request;
  return JSON.stringify(asked, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
