/** What the steps count beside records: calls of AWS Batch, tries of webhooks, and what reconcile finds. */
import type { Repair } from '../batch/reconcile.ts';
import type { Refusal } from '../batch/refusal.ts';
import { isFinal, type JobRecord } from '../job/job.ts';
import { isSuccess, type PostOutcome } from '../webhook/delivery.ts';
import {
  AttemptsFailed,
  DeliveriesFailed,
  DeliveriesOk,
  DeliveriesUnsent,
  DeliverySeconds,
  DueOverdueSeconds,
  EventsRepeated,
  JobsFailed,
  JobsSucceeded,
  OldestWaitSeconds,
  Repairs,
  SubmitCalls,
  SubmitThrottled,
  SubmitUnavailable,
  TickRuns,
} from './catalogue.ts';
import { readySince } from './job-metrics.ts';
import { one, type Point } from './metric.ts';

/** A job whose kind AWS Batch does not take may have been turned away without a call. */
export function called(outcome: 'accepted' | Refusal['kind']): Point[] {
  if (outcome === 'unavailable') return [one(SubmitUnavailable)];
  return outcome === 'not_accepted' ? [one(SubmitCalls), one(SubmitThrottled)] : [one(SubmitCalls)];
}

export function tried(outcome: PostOutcome): Point[] {
  if (outcome.kind === 'unsent') return [one(DeliveriesUnsent)];
  const took = { metric: DeliverySeconds, value: outcome.ms / 1000 };
  return [one(isSuccess(outcome) ? DeliveriesOk : DeliveriesFailed), took];
}

/** A job that was due, what reconcile did about it, and for how long it had been due. */
export interface Seen {
  readonly job: JobRecord;
  readonly repair: Repair;
  readonly lateMs: number;
}

/** Alarms compare them, and nothing can be compared with a number that is not there. */
const ALWAYS = [JobsSucceeded, JobsFailed, AttemptsFailed, EventsRepeated];

/** Of a whole run. It counts itself last: a run that fails is missed by the alarm on its silence. */
export function ranTick(seen: readonly Seen[], nowMs: number): Point[] {
  const kinds = [...Map.groupBy(seen, repairKind)];
  const repairs = kinds.flatMap(([kind, some]): Point[] =>
    kind === undefined ? [] : [{ metric: Repairs, value: some.length, of: { kind } }],
  );
  const lateMs = Math.max(0, ...seen.map((each) => each.lateMs));
  const waitedMs = Math.max(
    0,
    ...seen.map(({ job }) => (waitsForUs(job) ? nowMs - readySince(job, nowMs) : 0)),
  );
  return [
    ...repairs,
    ...ALWAYS.map((metric) => ({ metric, value: 0 })),
    { metric: DueOverdueSeconds, value: lateMs / 1000 },
    { metric: OldestWaitSeconds, value: waitedMs / 1000 },
    one(TickRuns),
  ];
}

/** @returns undefined for a look after which nothing is done */
function repairKind({ job, repair }: Seen): string | undefined {
  switch (repair.kind) {
    case 'describe':
    case 'give_up':
      return repair.kind;
    case 'dispatch':
      return dispatchKind(job);
    default:
      return undefined;
  }
}

function dispatchKind({ state }: JobRecord): string {
  if (state === 'scheduled' || state === 'retrying') return 'hand_over';
  return isFinal(state) ? 'unsettled' : 'lost_message';
}

/** Ready to run, and kept neither by its sender nor by a cap of its tenant: what it waits for is Headgate, or AWS Batch. */
function waitsForUs({ state, queued }: JobRecord): boolean {
  return (state === 'waiting' && queued !== true) || state === 'submitting' || state === 'submitted';
}
