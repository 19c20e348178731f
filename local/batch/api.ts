/** Batch's API: which operation a request is for, and how its answer or its refusal goes out. */
import { randomUUID } from 'node:crypto';
import { ApiError, type ApiRequest, type ApiResponse } from '../aws.ts';
import { definitionOperations } from './definitions/registration.ts';
import { consumerListing } from './jobs/consumer-listing.ts';
import { jobOperations } from './jobs/job-operations.ts';
import type { Lifecycle } from './jobs/lifecycle.ts';
import { listJobs } from './jobs/listing.ts';
import { type SubmissionParts, submitJob } from './jobs/submission.ts';
import { createSubmitRate, SUBMITS_PER_SECOND } from './jobs/submit-rate.ts';
import type { BatchFaults } from './options.ts';
import { consumableOperations } from './queues/consumable-operations.ts';
import { environmentOperations } from './queues/environment-operations.ts';
import { policyOperations } from './queues/policy-operations.ts';
import { queueOperations } from './queues/queue-operations.ts';
import { type Body, type Operation, refusal } from './request.ts';
import type { Shares } from './scheduling/shares.ts';
import { snapshotOperations } from './scheduling/snapshot.ts';
import { tagging } from './tagging.ts';

export interface ApiParts extends SubmissionParts {
  readonly shares: Shares;
  readonly lifecycle: Lifecycle;
  readonly faults: BatchFaults;
  readonly submitsPerSecond?: number | undefined;
  readonly report: (line: string) => void;
  /** A queue, an environment or a policy changed: there may be room for a job now. */
  readonly onRoom: () => void;
  /** Drops jobs that ended too long ago, by the clock. */
  readonly forget: () => void;
}

/** Batch's restJson1: `POST /v1/<operation in lower case>`, and `/v1/tags/<ARN, percent-encoded>`. */
export function createApi(parts: ApiParts): (request: ApiRequest) => Promise<ApiResponse> {
  const { region, resources, definitions, jobs, faults, onRoom } = parts;
  const terminateJobsIn = (queueArn: string, reason: string): void => {
    for (const { jobId } of jobs.unfinishedIn(queueArn)) parts.lifecycle.abandon(jobId, reason);
  };
  const operations: Record<string, Operation> = {
    ...jobOperations(parts),
    ...queueOperations({ store: parts.store, region, resources, onRoom, terminateJobsIn }),
    ...environmentOperations(resources, region, onRoom),
    ...policyOperations(resources, region, onRoom),
    ...consumableOperations({ ...parts, heldByJobs: jobs.consumablesInUse }),
    ...consumerListing(parts),
    ...snapshotOperations(parts),
    ...definitionOperations(definitions, parts.report),
    listjobs: (body) => {
      const createdUntilMs = parts.clock.now() - (faults.listLag?.seconds ?? 0) * 1000;
      return listJobs({ ...parts, createdUntilMs }, body);
    },
  };

  const rate = createSubmitRate({
    clock: parts.clock,
    perSecond: parts.submitsPerSecond ?? SUBMITS_PER_SECOND,
  });
  const answer = (request: ApiRequest): ApiResponse => {
    const [, version, operation = '', ...rest] = request.path.split('/');
    if (version === 'v1' && operation === 'tags') {
      const arn = decodeURIComponent(rest.join('/'));
      return ok(tagging({ resources, definitions, jobs }, request.method, arn, request.body));
    }
    if (version === 'v1' && operation === 'submitjob') return submit(parts, request, rate.admits);
    if (version !== 'v1' || !Object.hasOwn(operations, operation)) {
      throw new ApiError(
        'UnknownOperationException',
        `not implemented here: ${operation || request.path}`,
        404,
      );
    }
    return ok(operations[operation]?.(request.body));
  };

  return async (request) => {
    try {
      parts.forget();
      return answer(request);
    } catch (error) {
      if (error instanceof ApiError) return failure(error);
      throw error;
    }
  };
}

function submit(parts: ApiParts, request: ApiRequest, admits: () => boolean): ApiResponse {
  const fault = parts.faults.submit?.(request) ?? (admits() ? 'accept' : 'throttle');
  // Batch's API model has no class for this error, and its message lacks the usual frame.
  if (fault === 'throttle') throw new ApiError('TooManyRequestsException', 'Too Many Requests', 429);
  if (fault === 'refuse') throw refusal('Job size must be less than 30 KiB: refused by an injected fault');
  if (fault === 'lose_request') return { ...ok({}), lost: true };
  const accepted = ok(submitJob(parts, request.body satisfies Body));
  if (fault === 'error') throw new ApiError('ServerException', 'failed by an injected fault', 500);
  return fault === 'lose_reply' ? { ...accepted, lost: true } : accepted;
}

function ok(body: unknown): ApiResponse {
  return { status: 200, body };
}

function failure({ name, status, message }: ApiError): ApiResponse {
  const framed = `Error executing request, Exception : ${message}, RequestId: ${randomUUID()}`;
  return {
    status,
    headers: { 'x-amzn-errortype': name },
    body: { message: name === 'TooManyRequestsException' ? message : framed },
  };
}
