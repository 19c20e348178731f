/**
 * Which container may do the work of a job. This is decided before the input is read, and again at each write of the
 * worker.
 */

import { isFunctionRun, runEndsBy } from '../executor/executor.ts';
import { advance, type Context } from './advance.ts';
import { claimOrder } from './attempt.ts';
import type { Result } from './job.ts';
import { isFinal, type JobRecord } from './job.ts';
import type { EndedBadly, EndedWell, Progress, ReportedFailure } from './lifecycle.ts';

/** One container: its attempt, its Batch job, the number of the Batch try (from 1), and the hash of what it alone knows. */
export interface Container {
  readonly attempt: number;
  readonly runId: string;
  readonly try: number;
  readonly nonce: string;
}

/** What AWS Batch says of the Batch job that a container names; a container's own word is no fact. */
export type RunFacts =
  /** A Batch job of this attempt in a queue of ours, which has not ended; `tries` of it have. */
  { readonly kind: 'known'; readonly tries: number } | { readonly kind: 'unknown' };

export type Claim =
  | { readonly kind: 'mine' }
  | { readonly kind: 'claim'; readonly next: JobRecord }
  /** Not an error: another container does the work, or it is no longer needed. The container exits with 0. */
  | { readonly kind: 'superseded'; readonly why: string }
  /** The record does not know this Batch job, or not this try of it: AWS Batch must be asked. */
  | { readonly kind: 'unproven' };

const CLAIMABLE = new Set(['submitting', 'submitted', 'starting', 'running']);

/**
 * The claim needs no Batch job id on the record: after a lost answer to SubmitJob, the claim is how the id becomes
 * known. The number of the Batch try is a fence against the old container of a host that was given up but still runs.
 *
 * The container says which Batch job and which try it is, and what the record does not confirm, the facts must; or which run on Lambda.
 */
export function claim(job: JobRecord, me: Container, context: Context, facts?: RunFacts): Claim {
  if (job.attempt !== me.attempt) return { kind: 'superseded', why: 'other_attempt' };
  // The answer to its claim was lost, and it has no token to say its end with: it gets one, and hears of the cancel by its first
  // heartbeat. Without, its attempt would end only when its time is over. Of a container AWS Batch reports the end.
  if (job.state === 'cancelling' && isFunctionRun(me.runId) && isHolder(job, me)) return { kind: 'mine' };
  if (!CLAIMABLE.has(job.state)) return { kind: 'superseded', why: `job_${job.state}` };
  if (job.refused?.includes(me.runId)) return { kind: 'superseded', why: 'refused' };
  const held = job.claim;
  if (held !== undefined && held.runId !== me.runId) return { kind: 'superseded', why: 'claimed_by_another' };
  if (held !== undefined && held.try > me.try) return { kind: 'superseded', why: 'later_try_runs' };
  if (held?.try === me.try)
    return held.nonce === me.nonce ? { kind: 'mine' } : { kind: 'superseded', why: 'claimed_by_another' };
  const doubt = isFunctionRun(me.runId)
    ? doubtOfRun(job, me, context.nowMs)
    : doubtOfContainer(job, me, facts);
  if (doubt !== undefined) return doubt;
  const run = isFunctionRun(me.runId)
    ? { startingAt: context.nowMs, endsBy: runEndsBy(context.policy, context.nowMs) }
    : {};
  const observation = { kind: 'claimed', ...me, ...run, order: claimOrder(me.try) } as const;
  const next = advance(job, observation, context);
  return next === undefined ? { kind: 'superseded', why: `job_${job.state}` } : { kind: 'claim', next };
}

/** What the record does not say of a container of AWS Batch, the facts must. */
function doubtOfContainer(job: JobRecord, me: Container, facts: RunFacts | undefined): Claim | undefined {
  if (job.claimBy !== undefined) return { kind: 'superseded', why: 'other_executor' };
  const { tries } = claimOrder(me.try);
  const known = job.runId === me.runId ? job.order?.tries : undefined;
  if (known !== undefined && known > tries) return { kind: 'superseded', why: 'later_try_known' };
  if (known !== undefined && known === tries) return undefined;
  if (facts?.kind !== 'known' || facts.tries < tries) return { kind: 'unproven' };
  return facts.tries > tries ? { kind: 'superseded', why: 'later_try_known' } : undefined;
}

/**
 * No service can be asked about a run on Lambda: its ticket, which its event alone has, and the time for its claim speak for it. Lambda
 * makes one try, and may make it twice: then the nonces differ.
 */
function doubtOfRun(job: JobRecord, me: Container, nowMs: number): Claim | undefined {
  if (job.claimBy === undefined || me.try !== 1) return { kind: 'superseded', why: 'other_executor' };
  return nowMs > job.claimBy ? { kind: 'superseded', why: 'too_late' } : undefined;
}

export type WorkerMessage =
  | { readonly kind: 'committed'; readonly result: Result }
  | { readonly kind: 'progressed'; readonly progress: Progress }
  | { readonly kind: 'reported_failure'; readonly reportedFailure: ReportedFailure }
  /** Of a run on Lambda, which AWS reports to no queue of its own. */
  | EndedWell
  | EndedBadly;

/** The record with what the container reported; undefined when the container does not hold the claim any more. */
export function applyWorkerMessage(
  job: JobRecord,
  me: Container,
  word: WorkerMessage,
  context: Context,
): JobRecord | undefined {
  return holds(job, me) ? advance(job, word, context) : undefined;
}

/** Whether this container has the claim, and the work is not over. The nonce is what another one cannot repeat. */
export function holds(job: JobRecord, me: Container): boolean {
  return isHolder(job, me) && !isFinal(job.state);
}

/** The same for a job that may have ended since. */
export function isHolder({ attempt, claim: held }: JobRecord, me: Container): boolean {
  return attempt === me.attempt && held?.runId === me.runId && held.try === me.try && held.nonce === me.nonce;
}
