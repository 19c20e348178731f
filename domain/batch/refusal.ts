/**
 * Why SubmitJob was not accepted, and who can remove the cause.
 *
 * AWS Batch has one error for almost every refusal, ClientException, and only its text says what was wrong. A text that
 * names our own request (its size, its parameters, its tags) will be the same tomorrow: the job has failed. Every other
 * cause is the operator's: a queue that is disabled, a definition that was deregistered, a role that may not be passed. Then
 * the job is kept. An unknown text counts as such a cause, since nothing says that the tenant could remove it.
 */
import { failureOf } from '../job/failure.ts';
import type { Failure, JobRecord } from '../job/job.ts';
import type { RetryPolicy } from '../job/job-type.ts';
import type { Observation } from '../job/lifecycle.ts';
import { MAX_ATTEMPTS, mostAttempts } from '../job/retry.ts';
import { MAX_REASON_CHARACTERS, shortened } from '../size.ts';

/** An error of SubmitJob, without the classes of the SDK. */
export interface CallError {
  readonly name: string;
  /** Absent when there was no answer. */
  readonly status?: number | undefined;
  readonly message: string;
}

/** Where the operator finds the cause. */
export type Obstruction = 'queue' | 'definition' | 'share' | 'permission' | 'other';

export type Refusal =
  /** AWS Batch may have taken the job, now or within seconds. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** Not this time: throttled. */
  | { readonly kind: 'not_accepted'; readonly why: string }
  /** This request will never be accepted. */
  | { readonly kind: 'refused'; readonly failure: Failure }
  /** No job of this kind is accepted until an operator has removed the cause. */
  | { readonly kind: 'unavailable'; readonly what: Obstruction; readonly reason: string };

/** @see AWS SDKs and tools reference guide, "Retry behavior": the names of throttling, with whatever status */
const THROTTLED =
  /^(TooManyRequests|Throttl|RequestThrottled|RequestLimitExceeded|SlowDown|LimitExceeded|BandwidthLimit|ProvisionedThroughput|PriorRequestNotComplete)/;

interface OwnRequest {
  readonly code: 'batch_refused' | 'request_impossible';
  readonly says: RegExp;
}

/**
 * What the job's input, tags and parameters make of the request is its tenant's; the rest of the request is ours.
 *
 * `Unable to substitute value. No parameter found for reference x` is not here: the definition asks for what no job gives.
 */
const REQUEST: readonly OwnRequest[] = [
  { code: 'batch_refused', says: /\bjob size must be less than\b/i },
  { code: 'batch_refused', says: /\bcontainer overrides length must be at most\b/i },
  {
    code: 'batch_refused',
    says: /\b(parameters?|tags?)\b[^.]*\b(too (large|long|many)|exceeds?|must (be|have|match|not)|(is|are) (not valid|invalid))/i,
  },
  { code: 'batch_refused', says: /\bat '(parameters|tags)[^']*' failed to satisfy constraint/i },
  {
    code: 'request_impossible',
    says: /\bat '(jobName|timeout|containerOverrides|retryStrategy|schedulingPriorityOverride)[^']*' failed to satisfy constraint/i,
  },
  { code: 'request_impossible', says: /\bjob name should match valid pattern\b/i },
  { code: 'request_impossible', says: /\b(fargate resource requirements|attemptDurationSeconds)\b/i },
];

const OBSTRUCTIONS: readonly { readonly what: Obstruction; readonly says: RegExp }[] = [
  {
    what: 'permission',
    says: /^(AccessDenied|Unauthorized|UnrecognizedClient|InvalidClientTokenId|ExpiredToken|InvalidSignature|IncompleteSignature|MissingAuthentication|NotAuthorized|OptInRequired|SubscriptionRequired)/,
  },
  {
    what: 'permission',
    says: /not authorized to perform|iam:PassRole|cannot be (passed|assumed)|unable to assume/i,
  },
  { what: 'share', says: /share ?identifiers?|scheduling ?priority|fair[- ]share/i },
  { what: 'definition', says: /job[ -]?definition|no parameter found for reference/i },
  { what: 'queue', says: /job[ -]?queue|compute environment/i },
];

/** @returns what is known after SubmitJob has answered with an error, or not at all */
export function classifyRefusal({ name, status, message }: CallError): Refusal {
  const reason = shortened(message, MAX_REASON_CHARACTERS);
  // 408: the request may have been read all the same.
  if (status === undefined || status >= 500 || status === 408) return { kind: 'unknown', why: name };
  if (status === 429 || THROTTLED.test(name)) return { kind: 'not_accepted', why: name };
  // A text that names a queue, a definition or a right is about that, also when it speaks of parameters or tags.
  const obstruction = OBSTRUCTIONS.find(({ says }) => says.test(name) || says.test(message));
  const own = obstruction === undefined ? REQUEST.find(({ says }) => says.test(message)) : undefined;
  if (own !== undefined) {
    const cls = own.code === 'batch_refused' ? 'invalid_input' : 'platform';
    return { kind: 'refused', failure: failureOf(cls, own.code, { reason }) };
  }
  return { kind: 'unavailable', what: obstruction?.what ?? 'other', reason: `${name}: ${reason}` };
}

/** Short enough for a queue that is disabled for a minute, and a few calls for one that is disabled for a day. */
const UNAVAILABLE_BACKOFF = { initialSeconds: 30, factor: 2, maxSeconds: 7200 } as const;
const JITTER = 0.2;

/**
 * The observation of a job after a refusal that only an operator can end. The job gives up the number of its attempt with
 * its slot, because a slot belongs to one attempt, and waits under the next number. It fails when it has used all numbers
 * that its own retries may not need, which takes three to four days; its deadline may end it sooner.
 *
 * @param random from 0 up to 1; spreads the return of jobs that were refused together
 */
export function unavailableFor(
  job: JobRecord,
  reason: string,
  { retry, nowMs, random }: { readonly retry: RetryPolicy; readonly nowMs: number; readonly random: number },
): Observation {
  const retriesLeft = Math.max(0, mostAttempts(retry) - job.endedAttempts.length);
  if (job.attempt + retriesLeft > MAX_ATTEMPTS)
    return { kind: 'refused', failure: failureOf('platform', 'platform_unavailable', { reason }) };
  const { initialSeconds, factor, maxSeconds } = UNAVAILABLE_BACKOFF;
  const refusals = (job.platformWait?.refusals ?? 0) + 1;
  const seconds = Math.min(maxSeconds, initialSeconds * factor ** (refusals - 1)) * (1 + JITTER * random);
  return { kind: 'unavailable', reason, nextAttemptAt: nowMs + Math.ceil(seconds) * 1000 };
}
