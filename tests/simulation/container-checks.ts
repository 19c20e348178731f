/** What must hold after every commit for a container: who may claim, and who is heard. */

import { isFunctionRun } from '../../domain/executor/executor.ts';
import { parseBatchJobName } from '../../domain/job/identity.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { BatchJob } from './batch.ts';
import type { VirtualBucket } from './bucket.ts';
import type { FunctionRun } from './functions.ts';
import type { Process } from './world.ts';

interface Facts {
  readonly bucket: VirtualBucket;
  batchJob(id: string): BatchJob | undefined;
  functionRun(id: string): FunctionRun | undefined;
}

/** Two processes' clocks may differ by this. */
export const SKEW_MS = 1000;

type Broken = [rule: string, detail: string];

export const CLAIMABLE = ['submitting', 'submitted', 'starting', 'running'];

export const isSame = (a: unknown, b: unknown): boolean => a === b || JSON.stringify(a) === JSON.stringify(b);

export interface Commit {
  readonly process: Process;
  readonly before: JobRecord | undefined;
  readonly after: JobRecord;
}

/** I3, I7: one Batch job claims an attempt, and only the container that holds the claim is heard. */
export function* containersOf(
  { process, before, after }: Commit,
  claimants: Map<string, string>,
  facts: Facts,
  nowMs: number,
): Generator<Broken> {
  if (before === undefined) return;
  const { claim } = after;
  const changed = (field: 'claim' | 'result' | 'progress' | 'reportedFailure') =>
    after[field] !== undefined && !isSame(before[field], after[field]);
  if (claim !== undefined && changed('claim')) {
    const attempt = `${after.jobId} ${after.attempt}`;
    if ((claimants.get(attempt) ?? claim.runId) !== claim.runId)
      yield ['I3', `${claim.runId} claims what ${claimants.get(attempt)} claimed`];
    claimants.set(attempt, claim.runId);
    if (!CLAIMABLE.includes(before.state)) yield ['W1', `claimed while ${before.state}`];
    if (before.refused?.includes(claim.runId)) yield ['W1', `${claim.runId} is refused and claims`];
    if (before.claim !== undefined && before.attempt === after.attempt && before.claim.try >= claim.try)
      yield ['W1', `try ${claim.try} claims after try ${before.claim.try}`];
    const batchJob = facts.batchJob(claim.runId);
    if (batchJob !== undefined && claim.try > batchJob.tries + 1)
      yield ['W1', `try ${claim.try} claims, and Batch has made ${batchJob.tries + 1}`];
    const named = facts.functionRun(claim.runId) ?? parseBatchJobName(batchJob?.request.jobName ?? '');
    if (named?.attempt !== after.attempt || named.jobId !== after.jobId)
      yield ['W1', `a container of attempt ${named?.attempt} claims`];
    // By when it was decided: its write may be slow, and is lost if the attempt was given up meanwhile.
    if (isFunctionRun(claim.runId) && (before.claimBy ?? 0) + SKEW_MS < (after.startingAt ?? nowMs))
      yield ['L1', `${claim.runId} claims after the time for it`];
  }
  if (!changed('result') && !changed('progress') && !changed('reportedFailure')) return;
  const me = process.container;
  if (me === undefined || me.runId !== before.claim?.runId || me.try !== before.claim.try)
    yield ['W4', `${me?.runId} is heard, and the claim is ${JSON.stringify(before.claim)}`];
  const sameTry = before.attempt === after.attempt && before.claim?.try === claim?.try;
  if (sameTry && before.result !== undefined && changed('result'))
    yield ['I3', 'one try committed two results'];
  const { result } = after;
  const inline = result !== undefined && 'inline' in result ? Object(result.inline) : {};
  if (!changed('result')) return;
  if (!facts.bucket.objects.has(inline.summary)) yield ['I7', 'the result names an object that is not there'];
  facts.bucket.keep(inline.summary, after.jobId);
}
