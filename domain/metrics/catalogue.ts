/**
 * All metrics of Headgate. `docs/operating/metrics.md` says what each means, and a test holds the two together. Each is a constant
 * of its own, so that a bundle has only what its function counts.
 */
import type { Metric } from './metric.ts';

export const JobsAccepted = metric('JobsAccepted', [], ['service', 'jobType']);
export const JobsRefused = metric('JobsRefused', [], ['service', 'refusal']);
export const JobsHeld = metric('JobsHeld', []);
export const JobsSucceeded = metric('JobsSucceeded', [], ['jobType']);
export const JobsFailed = metric('JobsFailed', [], ['jobType'], ['jobType', 'failureClass']);
export const JobsCancelled = metric('JobsCancelled', []);
export const JobsExpired = metric('JobsExpired', []);
export const JobsStuck = metric('JobsStuck', [], ['reason']);
export const AttemptsFailed = metric('AttemptsFailed', [], ['failureClass']);

export const WaitSeconds = metric('WaitSeconds', [], ['jobType']);
export const StartSeconds = metric('StartSeconds', [], ['jobType']);
export const RunSeconds = metric('RunSeconds', [], ['jobType']);

export const SubmitCalls = metric('SubmitCalls', []);
export const SubmitThrottled = metric('SubmitThrottled', []);
export const SubmitUnavailable = metric('SubmitUnavailable', []);
export const PaceFull = metric('PaceFull', []);

export const EventsRepeated = metric('EventsRepeated', []);
export const EventDelaySeconds = metric('EventDelaySeconds', []);

export const TickRuns = metric('TickRuns', []);
export const Repairs = metric('Repairs', ['kind']);
export const OldestWaitSeconds = metric('OldestWaitSeconds', []);
export const DueOverdueSeconds = metric('DueOverdueSeconds', []);
export const SlotsHeld = metric('SlotsHeld', []);
export const SlotsLeaked = metric('SlotsLeaked', []);
export const ItemsSetAside = metric('ItemsSetAside', []);

/** Budgets of tenants of which `warnAt` is spent, and all, once for each month. */
export const BudgetsWarned = metric('BudgetsWarned', []);
export const BudgetsUsed = metric('BudgetsUsed', []);
/** Attempts that ran and whose job type is not known any more: they have no price, and are in no report. */
export const AttemptsUnpriced = metric('AttemptsUnpriced', []);

export const DeliveriesOk = metric('DeliveriesOk', []);
export const DeliveriesFailed = metric('DeliveriesFailed', []);
export const DeliveriesUnsent = metric('DeliveriesUnsent', []);
export const DeliverySeconds = metric('DeliverySeconds', []);
export const EndpointsDisabled = metric('EndpointsDisabled', []);

/** Requests, also of containers, whose credential does not hold or does not allow what is asked. */
export const RequestsDenied = metric('RequestsDenied', [], ['service', 'refusal']);
export const WorkerCallsRefused = metric('WorkerCallsRefused', [], ['reason']);

/* @__NO_SIDE_EFFECTS__ */
function metric(name: string, ...by: Metric['by'][number][]): Metric {
  return { name, by };
}
