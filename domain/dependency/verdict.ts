/** Whether what a job waits for has come: judged from the other job's record alone, by each process that reads it. Groups are judged in domain/group. */
import type { ErrorCode } from '../errors.ts';
import { failureWith } from '../job/failure.ts';
import { type Failure, isFinal, type JobRecord } from '../job/job.ts';
import { binds, type Tombstone } from '../job/tombstone.ts';
import type { Condition } from './dependency.ts';

/** What holds the id of the other job. */
export type Found =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'job'; readonly job: JobRecord }
  | { readonly kind: 'tombstone'; readonly tombstone: Tombstone };

export type Verdict =
  /** Nothing that would decide it has happened. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'met' }
  /** It failed and was redriven: its tenant knows one name for both, so the newer one decides. */
  | { readonly kind: 'redriven'; readonly jobId: string }
  /** It can never be met, and the job that waits ends. */
  | Broken;

/** Of what decides itself. */
export type Judgement = Exclude<Verdict, { readonly kind: 'redriven' }>;

export interface Broken {
  readonly kind: 'broken';
  readonly ends: 'unmet' | 'unneeded';
  readonly failure: Failure;
}

export interface Waiting {
  readonly tenantId: string;
  readonly condition: Condition;
  /** Whether a failed job is waited for until it is redriven or discarded. */
  readonly holds: boolean;
  readonly nowMs: number;
}

/** A job of another tenant is like one that never came: an answer would tell that it exists. */
export function verdictOn(jobId: string, found: Found, waiting: Waiting): Verdict {
  const { tenantId, nowMs } = waiting;
  if (found.kind === 'tombstone') {
    if (!binds(found.tombstone, tenantId, nowMs)) return PENDING;
    return waiting.condition === 'finished' ? MET : brokenBy('dependency_cancelled', jobId, jobId);
  }
  if (found.kind === 'nothing' || found.job.tenantId !== tenantId || !isFinal(found.job.state))
    return PENDING;
  return verdictOnEnd(found.job, waiting);
}

function verdictOnEnd(job: JobRecord, { condition, holds }: Pick<Waiting, 'condition' | 'holds'>): Verdict {
  const { state, jobId } = job;
  const root = job.failure?.root ?? jobId;
  if (condition === 'finished') return MET;
  if (state === 'cancelled') return brokenBy('dependency_cancelled', jobId, root);
  if (condition === 'failed')
    return state === 'succeeded' ? brokenBy('dependency_not_needed', jobId, jobId) : MET;
  if (state === 'succeeded') return MET;
  if (job.redrivenAs !== undefined) return { kind: 'redriven', jobId: job.redrivenAs };
  const mayComeBack = state === 'failed' && job.discarded === undefined;
  return holds && mayComeBack ? PENDING : brokenBy('dependency_failed', jobId, root);
}

/** Whether the end of this job ends one that waits for it, which is told even if it watches another. */
export function breaks(job: JobRecord, waiting: Pick<Waiting, 'condition' | 'holds'>): boolean {
  return isFinal(job.state) && verdictOnEnd(job, waiting).kind === 'broken';
}

const PENDING: Verdict = { kind: 'pending' };
const MET: Verdict = { kind: 'met' };

const ENDS = {
  dependency_failed: ['unmet', (name) => `It depends on ${name}, which did not succeed.`],
  dependency_cancelled: ['unneeded', (name) => `It depends on ${name}, which was cancelled.`],
  dependency_not_needed: ['unneeded', (name) => `It was to run if ${name} failed, which succeeded.`],
} satisfies Partial<Record<ErrorCode, [Broken['ends'], (name: string) => string]>>;

/** @param root the job, or the group, whose end was the first */
export function brokenBy(code: keyof typeof ENDS, name: string, root: string): Broken {
  const [ends, sentence] = ENDS[code];
  const failure = failureWith('invalid_input', code, sentence(name), {});
  return { kind: 'broken', ends, failure: { ...failure, root } };
}
