/** AWS Batch: submit, find by name, describe, terminate. */
import {
  type BatchClient,
  BatchServiceException,
  ClientException,
  DescribeJobsCommand,
  ListJobsCommand,
  type ListJobsCommandOutput,
  SubmitJobCommand,
  TerminateJobCommand,
} from '@aws-sdk/client-batch';
import { classifyRefusal, type Refusal } from '../../domain/batch/refusal.ts';
import { BatchJobDetail } from '../../domain/batch/report.ts';
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import { errorName, SafeError } from '../process/log.ts';
import { withUnreadable } from '../table/rows.ts';

/** All but `unknown` are facts. After `unknown` the Batch job may exist, now or within seconds. */
export type SubmitOutcome = { readonly kind: 'accepted'; readonly runId: string } | Refusal;

export interface BatchPort {
  submit(request: SubmitRequest): Promise<SubmitOutcome>;
  /** Ids of the Batch jobs with exactly this name, in any state, newest first. */
  listByName(jobQueue: string, name: string): Promise<readonly string[]>;
  /**
   * The report of each Batch job; an unknown id is absent from the map, without an error. For one that cannot be read, `get`
   * of the map throws.
   */
  describe(runIds: readonly string[]): Promise<ReadonlyMap<string, BatchJobDetail>>;
  /** Terminates a Batch job in any state; one that is over or unknown is not an error. */
  terminate(runId: string, reason: string): Promise<void>;
}

/** @see AWS Batch API reference, DescribeJobs: up to 100 ids */
export const MAX_DESCRIBE = 100;

/** AWS Batch describes a job in a way that this version does not expect. It is not absent: absence would lose its attempt. */
class DetailUnreadable extends SafeError {
  override readonly name = 'DetailUnreadable';

  constructor(runId: string) {
    super(`What AWS Batch says of the job ${runId} cannot be read by this version`);
  }
}

/** @param submitting the client for SubmitJob, which must not repeat a call by itself */
export function batchPort(client: BatchClient, submitting: BatchClient): BatchPort {
  return {
    async submit(request) {
      try {
        const { jobId } = await submitting.send(new SubmitJobCommand(mutable(request)));
        return jobId === undefined
          ? { kind: 'unknown', why: 'no_job_id' }
          : { kind: 'accepted', runId: jobId };
      } catch (error) {
        return submitOutcome(error);
      }
    },

    async listByName(jobQueue, name) {
      const ids: string[] = [];
      let nextToken: string | undefined;
      do {
        const filters = [{ name: 'JOB_NAME', values: [name] }];
        const page = await client
          .send(new ListJobsCommand({ jobQueue, filters, nextToken }))
          .catch(nothingIfQueueIsGone);
        // The filter ignores case; our names are lower case, but those of other programs need not be.
        for (const { jobName, jobId } of page.jobSummaryList ?? []) {
          if (jobName === name && jobId !== undefined) ids.push(jobId);
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return ids;
    },

    async describe(runIds) {
      const found = new Map<string, BatchJobDetail>();
      const unreadable = new Map<string, Error>();
      for (let from = 0; from < runIds.length; from += MAX_DESCRIBE) {
        const page = await client.send(
          new DescribeJobsCommand({ jobs: runIds.slice(from, from + MAX_DESCRIBE) }),
        );
        for (const job of page.jobs ?? []) {
          const detail = BatchJobDetail.safeParse(job);
          if (detail.success) found.set(detail.data.jobId, detail.data);
          else if (job.jobId !== undefined) unreadable.set(job.jobId, new DetailUnreadable(job.jobId));
        }
      }
      return withUnreadable(found, unreadable);
    },

    async terminate(runId, reason) {
      // Not CancelJob: for a job that runs, CancelJob answers 200 and does nothing.
      await client.send(new TerminateJobCommand({ jobId: runId, reason }));
    },
  };
}

/**
 * AWS Batch ends all jobs of a queue before it deletes it, so that one of them can no longer run. Without this a job whose
 * queue was deleted while its call was open would be asked about without end.
 * @see AWS Batch API reference, DeleteJobQueue
 */
function nothingIfQueueIsGone(error: unknown): ListJobsCommandOutput {
  const isGone = /job ?queue .*(does not exist|not found)/i;
  if (error instanceof ClientException && isGone.test(error.message))
    return { $metadata: error.$metadata, jobSummaryList: [] };
  throw error;
}

function submitOutcome(error: unknown): Refusal {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const status = error instanceof BatchServiceException ? error.$metadata.httpStatusCode : undefined;
  return classifyRefusal({ name: status === undefined ? errorName(error) : name, status, message });
}

function mutable(request: SubmitRequest) {
  return {
    ...request,
    parameters: { ...request.parameters },
    tags: { ...request.tags },
    containerOverrides: {
      ...request.containerOverrides,
      environment: [...request.containerOverrides.environment],
    },
  };
}
