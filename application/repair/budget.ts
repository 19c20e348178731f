/** A tenant's budget as a run of tick finds it: the receipts are added up, and what runs above it is cancelled if that is its word. */
import { advance } from '../../domain/job/advance.ts';
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import { BudgetsUsed, BudgetsWarned } from '../../domain/metrics/catalogue.ts';
import { one } from '../../domain/metrics/metric.ts';
import { marked, nextSumAt, type Spend, sumOf, toldOf, usedBudget } from '../../domain/tenant/budget.ts';
import type { Gate } from '../../domain/tenant/gate.ts';
import { budgetEvent } from '../../domain/webhook/notification.ts';
import type { Bus } from '../../io/aws/bus.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { Log } from '../../io/process/log.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { ReceiptStore } from '../../io/table/receipts.ts';
import { apart } from '../apart.ts';
import { contextOf, type FollowPorts } from '../batch/follow.ts';
import { changeJob } from '../job/decide-job.ts';
import { type DispatchPorts, dispatch } from '../job/dispatch.ts';

export interface BudgetPorts {
  readonly gates: Pick<GateStore, 'noteSpend'>;
  readonly receipts: Pick<ReceiptStore, 'between'>;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Adds up the receipts of a tenant with a budget, if it is time, and notes the sum on its gate.
 *
 * A receipt has one key, so that a run that dies and is repeated counts none twice; one whose write is lost leaves it to the next.
 *
 * @returns the gate with the sum, or as it was: a sum that cannot be made keeps the last one
 */
export async function judgeBudget(ports: BudgetPorts, gate: Gate): Promise<Gate> {
  const { tenantId, budget } = gate;
  const nowMs = ports.clock.nowMs();
  if (budget === undefined || nowMs < nextSumAt(gate)) return gate;
  try {
    const sum = sumOf(budget, gate.spend, nowMs);
    for await (const receipt of ports.receipts.between(tenantId, sum.fromMs, sum.untilMs)) sum.add(receipt);
    const spend = marked(budget, gate.spend, sum.spend());
    if ((await ports.gates.noteSpend(gate, spend)) === 'lost') return gate;
    return await tellOf(ports, { ...gate, spend, version: gate.version + 1 });
  } catch (error) {
    ports.log.error('budget:sum:failed', { tenantId, error });
    return gate;
  }
}

/**
 * The mark is noted before it is told, and that it is told after that: a run that dies in between leaves it to the next, whose event is
 * the same. @returns the gate as it is then
 */
async function tellOf(
  { log, bus, gates }: BudgetPorts,
  gate: Gate & { readonly spend: Spend },
): Promise<Gate> {
  const spend = toldOf(gate.spend);
  if (spend?.reached === undefined) return gate;
  await bus.publish(budgetEvent(gate.tenantId, gate.spend));
  const { standing } = spend.reached;
  const metric = standing === 'used' ? BudgetsUsed : BudgetsWarned;
  log.info('budget:reach:done', { tenantId: gate.tenantId, why: standing }, [one(metric)]);
  const isNoted = (await gates.noteSpend(gate, spend)) === 'written';
  return isNoted ? { ...gate, spend, version: gate.version + 1 } : gate;
}

export type OverspentPorts = FollowPorts & DispatchPorts;

/** Cancels the jobs that hold slots, as their tenant could. Idempotent: one that is cancelled stays so. */
export async function endOverspent(
  ports: OverspentPorts,
  gate: Gate,
  held: readonly JobRecord[],
): Promise<void> {
  if (usedBudget(gate)?.action !== 'cancel') return;
  const open = held.filter(({ state }) => !isFinal(state) && state !== 'cancelling');
  if (open.length === 0) return;
  const { done, failed } = await apart(open, (job) =>
    changeJob(ports.jobs, job, (current) => advance(current, { kind: 'cancel' }, contextOf(ports, current))),
  );
  for (const { item, error } of failed)
    ports.log.error('budget:cancel:failed', { tenantId: item.tenantId, jobId: item.jobId, error });
  const cancelled = done.flatMap(({ result }) => (result.kind === 'changed' ? [result.job] : []));
  await dispatch(ports, cancelled);
  if (cancelled.length > 0)
    ports.log.info('budget:cancel:done', { tenantId: gate.tenantId, count: cancelled.length });
}
