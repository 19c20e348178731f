/** What AWS Batch says of the Batch job that a container names. */

import { type BatchJobDetail, TENANT_TAG } from '../../domain/batch/report.ts';
import { RANK } from '../../domain/job/attempt.ts';
import type { Container, RunFacts } from '../../domain/job/claim.ts';
import { batchJobName } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import type { Clock } from '../../io/process/clock.ts';

/** `asked_lately`: about this run and try, less than a minute ago. A container that the facts confirmed has its claim since. */
export type AskRun = (
  job: JobRecord,
  run: Pick<Container, 'runId' | 'try'>,
) => Promise<RunFacts | { readonly kind: 'asked_lately' }>;

/** DescribeJobs is limited for the account, and a stolen ticket must not use that up. */
const ASK_EVERY_MS = 60_000;
const MAX_REMEMBERED = 1000;

/** @param queues the ARNs of the stack's own: another stage may have a job of the same name */
export function askingBatch(
  batch: Pick<BatchPort, 'describe'>,
  clock: Clock,
  queues: readonly string[],
): AskRun {
  const askedAtMs = new Map<string, number>();
  return async (job, { runId, try: tryNumber }) => {
    const name = `${job.jobId} ${job.attempt} ${runId} ${tryNumber}`;
    const nowMs = clock.nowMs();
    if (nowMs - (askedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < ASK_EVERY_MS)
      return { kind: 'asked_lately' };
    askedAtMs.set(name, nowMs);
    const [oldest] = askedAtMs.keys();
    if (askedAtMs.size > MAX_REMEMBERED && oldest !== undefined) askedAtMs.delete(oldest);
    return factsOf(job, (await batch.describe([runId])).get(runId), queues);
  };
}

function factsOf(job: JobRecord, detail: BatchJobDetail | undefined, queues: readonly string[]): RunFacts {
  const isOurs =
    detail?.jobName === batchJobName(job.jobId, job.attempt) &&
    queues.includes(detail.jobQueue ?? '') &&
    (detail.tags?.[TENANT_TAG] ?? job.tenantId) === job.tenantId;
  if (!isOurs || isEnded(detail.status)) return { kind: 'unknown' };
  return { kind: 'known', tries: detail.attempts.length };
}

const isEnded = (status: string) =>
  Object.hasOwn(RANK, status) && RANK[status as keyof typeof RANK] === RANK.SUCCEEDED; // its own name
