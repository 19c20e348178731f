/** The filter of a list or a command: the deliveries of an endpoint, between two moments, with a status, an event or a job. */
import { type Problem, problem } from '../errors.ts';
import { type Delivery, RETENTION_MS } from './delivery.ts';

export interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Deliveries are kept for 30 days, so a longer range would promise too much. */
export function checkRange({ fromMs, toMs }: Range): Problem | undefined {
  if (toMs < fromMs)
    return problem('range_invalid', '/until', 'Expected an end that is not before the start.');
  if (toMs - fromMs > RETENTION_MS) return problem('range_invalid', '/since', 'Expected at most 30 days.');
  return undefined;
}

export interface DeliveryFilter {
  readonly id?: string | undefined;
  readonly status?: Delivery['status'] | undefined;
  readonly event?: string | undefined;
  readonly job?: string | undefined;
}

export function isMeant(delivery: Delivery, { id, status, event, job }: DeliveryFilter): boolean {
  const pairs = [
    [id, delivery.webhookId],
    [status, delivery.status],
    [event, delivery.eventType],
    [job, delivery.jobId],
  ];
  return pairs.every(([asked, found]) => asked === undefined || asked === found);
}
