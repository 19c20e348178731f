/** Whether a parsed message may become a job, and the record it becomes. */
import { DEFAULT_DEPENDENCY_TIMEOUT_SECONDS } from '../dependency/dependency.ts';
import { type Problem, problem } from '../errors.ts';
import { nextLook } from '../job/due.ts';
import { ownsObject } from '../job/identity.ts';
import type { JobType, JobTypes } from '../job/job-type.ts';
import type { WholeJob } from '../job/parts.ts';
import { isAbove, type Priority } from '../job/priority.ts';
import type { UsedBudget } from '../tenant/budget.ts';
import type { Policy } from '../tenant/policy.ts';
import { inOurWords } from './expectation.ts';
import { explainIssue, jsonPointer } from './explain.ts';
import { type ArrayRequest, type JobRequest, MAX_WAIT_SECONDS, MIN_DEADLINE_SECONDS } from './request.ts';

export type Admission =
  | { readonly kind: 'admitted'; readonly type: JobType; readonly clampedPriority?: Priority }
  | { readonly kind: 'refused'; readonly problem: Problem };

export interface Circumstances {
  /** Absent for an unknown tenant. */
  readonly policy: Policy | undefined;
  /** How many jobs of the tenant wait for a slot. */
  readonly waiting: number;
  /** Of a tenant whose budget is used. */
  readonly budget?: UsedBudget | undefined;
  readonly types: JobTypes;
  readonly bucket: string;
  /** How many days after its upload an object of the bucket is deleted. */
  readonly objectDays: number;
  readonly nowMs: number;
}

/**
 * An input behind `inputRef` is not read here; the worker applies the same rules to it.
 *
 * @param content `later`: `inputRef` names an object with the inputs of many jobs
 */
export function admit(
  request: JobRequest,
  { policy, waiting, budget, types, bucket, objectDays, nowMs }: Circumstances,
  content: 'checked' | 'later' = 'checked',
): Admission {
  if (policy === undefined) {
    const problemWithTenant = problem(
      'tenant_unknown',
      '/tenantId',
      'Expected the id of a registered tenant.',
    );
    return { kind: 'refused', problem: problemWithTenant };
  }
  const forbidden = policyProblem(request, policy);
  if (forbidden !== undefined) return { kind: 'refused', problem: forbidden };
  const type = types.get(request.jobType);
  if (type === undefined) {
    const known = [...types.keys()].join(', ');
    return {
      kind: 'refused',
      problem: problem('job_type_unknown', '/jobType', `Expected one of: ${known}.`),
    };
  }
  const found =
    timeoutProblem(request, type) ??
    startProblem(request, objectDays, nowMs) ??
    foreignObject(request, bucket) ??
    (content === 'checked' ? contentProblem(request, type) : undefined) ??
    quotaProblem(policy, waiting) ??
    budgetProblem(budget);
  if (found !== undefined) return { kind: 'refused', problem: found };
  const clamped = isAbove(request.priority ?? 'normal', policy.priorityCeiling);
  return { kind: 'admitted', type, ...(clamped ? { clampedPriority: policy.priorityCeiling } : {}) };
}

/** What is wrong with the input of a job that is admitted otherwise. */
export function contentOf(
  request: JobRequest,
  type: JobType | undefined,
  bucket: string,
): Problem | undefined {
  return foreignObject(request, bucket) ?? (type === undefined ? undefined : contentProblem(request, type));
}

function contentProblem({ input }: JobRequest, type: JobType): Problem | undefined {
  return input === undefined ? refProblem(type) : (inputProblem(input, type) ?? sizeProblem(input, type));
}

function policyProblem({ jobType, priority }: JobRequest, policy: Policy): Problem | undefined {
  const { status, jobTypes, priorityCeiling, abovePriorityCeiling } = policy;
  if (status === 'suspended')
    return problem('tenant_suspended', '/tenantId', 'The tenant is suspended and may not start jobs.');
  if (jobTypes !== undefined && !jobTypes.includes(jobType)) {
    const message = `Expected a job type of this tenant: ${jobTypes.join(', ')}.`;
    return problem('job_type_forbidden', '/jobType', message);
  }
  if (priority !== undefined && abovePriorityCeiling === 'refuse' && isAbove(priority, priorityCeiling)) {
    const message = `Expected at most ${priorityCeiling} for this tenant, found ${priority}.`;
    return problem('priority_too_high', '/priority', message);
  }
  return undefined;
}

export function quotaProblem(
  { waitingQuota }: Pick<Policy, 'waitingQuota'>,
  waiting: number,
): Problem | undefined {
  if (waiting < waitingQuota) return undefined;
  const message = `Expected fewer than ${waitingQuota} waiting jobs of this tenant, found ${waiting}.`;
  return problem('quota_waiting', '/tenantId', message);
}

/** A budget that holds or cancels lets new jobs wait for the next month. */
function budgetProblem(budget: UsedBudget | undefined): Problem | undefined {
  if (budget?.action !== 'refuse') return undefined;
  const message = `Expected something left of the budget of this tenant for ${budget.month}; its next month begins at ${new Date(budget.untilMs).toISOString()}.`;
  return problem('budget_used', '/tenantId', message);
}

/** A dead letter may be redriven as long as its queue keeps it, and its `runAt` has passed by then. */
const MAX_PAST_MS = 30 * 86_400_000;

function timeoutProblem({ timeoutSeconds }: JobRequest, type: JobType): Problem | undefined {
  const { max } = type.timeoutSeconds;
  if (timeoutSeconds === undefined || timeoutSeconds <= max) return undefined;
  const message = `Expected at most ${max} seconds for this job type, found ${timeoutSeconds}.`;
  return problem('field_invalid', '/timeoutSeconds', message);
}

const DAY_MS = 86_400_000;

/** Times that contradict each other are refused now: the job would wait, and fail for certain when it may begin. */
function startProblem(request: JobRequest, objectDays: number, nowMs: number): Problem | undefined {
  const { runAt, delaySeconds = 0, deadlineSeconds } = request;
  const aheadMs = runAt === undefined ? delaySeconds * 1000 : Date.parse(runAt) - nowMs;
  const place = runAt === undefined ? '/delaySeconds' : '/runAt';
  if (aheadMs > MAX_WAIT_SECONDS * 1000 || aheadMs < -MAX_PAST_MS) {
    const message = 'Expected a time within the next 366 days, and not more than 30 days ago.';
    return problem('time_range', place, message);
  }
  const startSeconds = Math.max(0, Math.ceil(aheadMs / 1000));
  if (deadlineSeconds !== undefined && deadlineSeconds < startSeconds + MIN_DEADLINE_SECONDS) {
    const message = `Expected at least ${startSeconds + MIN_DEADLINE_SECONDS}, since the job begins in ${startSeconds} seconds and the deadline counts from now, found ${deadlineSeconds}.`;
    return problem('time_range', '/deadlineSeconds', message);
  }
  if (aheadMs < objectDays * DAY_MS || !namesObject(request)) return undefined;
  const message = `Expected a start within ${objectDays} days, found a later one: the objects that the input names are deleted ${objectDays} days after their upload.`;
  return problem('time_range', place, message);
}

function namesObject({ input, inputRef }: JobRequest): boolean {
  return inputRef !== undefined || findString(input, [], isObjectUri) !== undefined;
}

function refProblem(type: JobType): Problem | undefined {
  if (type.parameters === undefined) return undefined;
  const message =
    'The container of this job type gets its input on the command line; expected input, not inputRef.';
  return problem('field_forbidden', '/inputRef', message);
}

/** ECS refuses a task whose overrides exceed 8,192 characters only after Batch accepted the job; Batch adds some of its own. */
const MAX_PARAMETER_CHARACTERS = 6000;

function sizeProblem(input: unknown, type: JobType): Problem | undefined {
  const characters = JSON.stringify(type.parameters?.(type.input.parse(input)) ?? {}).length;
  if (characters <= MAX_PARAMETER_CHARACTERS) return undefined;
  const message = `Expected at most ${MAX_PARAMETER_CHARACTERS} characters on the container's command line, found ${characters}.`;
  return problem('parameters_too_large', '/input', message);
}

/** Shared with the worker, which checks an input it fetched from S3 by the same rule. */
export function inputProblem(input: unknown, type: JobType): Problem | undefined {
  const parsed = type.input.safeParse(input, inOurWords);
  const issue = parsed.error?.issues[0];
  if (issue === undefined) return undefined;
  if (issue.code === 'unrecognized_keys') {
    const place = `/input${jsonPointer([...issue.path, (issue.keys[0] ?? '').slice(0, 64)])}`;
    return problem('input_invalid', place, 'The input of this job type has no such field.');
  }
  return { ...explainIssue(issue, input, '/input'), code: 'input_invalid' };
}

/**
 * Each s3:// string anywhere in a request must be in the tenant's own folder, whatever the schema of the job type
 * says: the worker's role can read the objects of all tenants, so this check keeps tenants apart.
 */
export function foreignObject(
  request: Pick<JobRequest, 'tenantId' | 'input' | 'inputRef'>,
  bucket: string,
): Problem | undefined {
  const place = findString({ input: request.input, inputRef: request.inputRef }, [], (text) => {
    return isObjectUri(text) && !ownsObject(text, request.tenantId, bucket);
  });
  if (place === undefined) return undefined;
  const expected = `s3://${bucket}/tenants/${request.tenantId}/...`;
  return problem(
    'input_uri_forbidden',
    jsonPointer(place),
    `Expected an address in the tenant's own folder, ${expected}`,
  );
}

/** All addresses in an input, as keys or as values. */
export function objectUrisIn(value: unknown): string[] {
  if (typeof value === 'string') return isObjectUri(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [
    ...(isObjectUri(key) ? [key] : []),
    ...objectUrisIn(child),
  ]);
}

const isObjectUri = (text: string) => /^\s*s3:/i.test(text);

function findString(
  value: unknown,
  path: readonly string[],
  matches: (text: string) => boolean,
): readonly string[] | undefined {
  if (typeof value === 'string') return matches(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, child] of Object.entries(value)) {
    if (matches(key)) return [...path, key];
    const found = findString(child, [...path, key], matches);
    if (found !== undefined) return found;
  }
  return undefined;
}

export interface Identity {
  readonly jobId: string;
  readonly idempotencyKey: string;
  readonly keyGiven?: false;
  readonly fingerprint: string;
  /** Of a concurrency key that has a cap of its own. */
  readonly keyCap?: number;
  /** The failed job this one is redriven from. */
  readonly parent?: string;
}

export function newJob(
  request: JobRequest,
  identity: Identity,
  nowMs: number,
  clampedPriority?: Priority,
): WholeJob {
  const { specVersion: _, action: __, ...asked } = request;
  const { runAt, delaySeconds = 0, ttlSeconds, deadlineSeconds } = request;
  const eligibleAt = runAt === undefined ? nowMs + delaySeconds * 1000 : Math.max(nowMs, Date.parse(runAt));
  const waits = request.dependsOn !== undefined;
  const { dependencyTimeoutSeconds = DEFAULT_DEPENDENCY_TIMEOUT_SECONDS } = request;
  const limits = {
    ...(waits ? { dependencyTimeoutAt: nowMs + dependencyTimeoutSeconds * 1000 } : {}),
    ...(ttlSeconds === undefined || waits ? {} : { startBy: eligibleAt + ttlSeconds * 1000 }),
    ...(deadlineSeconds === undefined ? {} : { deadlineAt: nowMs + deadlineSeconds * 1000 }),
  };
  const job: WholeJob = {
    ...asked,
    ...identity,
    ...limits,
    ...(clampedPriority === undefined ? {} : { clampedPriority }),
    ...(eligibleAt > nowMs ? { eligibleAt } : {}),
    ...beginning(waits, eligibleAt > nowMs),
    version: 1,
    stateVersion: 1,
    stateAt: nowMs,
    attempt: 1,
    calls: 0,
    endedAttempts: [],
    createdAt: nowMs,
  };
  const beginsAt = job.state === 'scheduled' ? eligibleAt : Number.MAX_SAFE_INTEGER;
  return { ...job, dueAt: Math.min(nextLook(job, nowMs), beginsAt) };
}

function beginning(waits: boolean, isEarly: boolean): Pick<WholeJob, 'state' | 'waitReason'> {
  if (waits) return { state: 'blocked' };
  return isEarly ? { state: 'scheduled' } : { state: 'waiting', waitReason: 'ready' };
}

/** The text whose hash is the fingerprint. The order of fields and the trace do not change it. */
export function fingerprintText(request: JobRequest | ArrayRequest): string {
  const { traceparent: _, action: __, ...asked } = request;
  return JSON.stringify(asked, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
