/** What must be true once the faults have stopped and the world has come to rest. */
import { childIdOf } from '../../application/job/identity.ts';
import { mustNotHold } from '../../domain/job/attempt.ts';
import { endedByAnother, isFinal, type JobRecord } from '../../domain/job/job.ts';
import { hasNoInput } from '../../domain/request/array-line.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import { wants } from '../../domain/webhook/endpoint.ts';
import type { Message } from '../../io/aws/lambda.ts';
import { isOver, type VirtualBatch } from './batch.ts';
import type { Cancels } from './cancels.ts';
import type { Run } from './faults.ts';
import { couldEnter, type VirtualGates } from './gates.ts';
import type { VirtualOperations } from './operations.ts';
import type { VirtualQueue } from './queues.ts';
import type { Table } from './table.ts';

export interface Rest {
  readonly table: Table;
  readonly gates: VirtualGates;
  readonly batch: VirtualBatch;
  readonly queues: readonly VirtualQueue[];
  readonly operations: VirtualOperations;
  /** `jobId type endpointId` of each webhook that was answered with 2xx. */
  readonly notified: ReadonlySet<string>;
  /** Failed jobs that have left a dead letter. */
  readonly letters: { has(jobId: string): boolean };
  /** Ids that messages with a key must have led to, unless they were refused. */
  readonly sent: readonly ReadonlySet<string>[];
  /** Ids that the API has answered with. */
  readonly answered: ReadonlySet<string>;
  readonly redriven: ReadonlySet<string>;
  resting(): readonly Message[];
  readonly cancelled: Cancels;
  /** Whether the end of its group was asked for. */
  isGroupCancelled(job: JobRecord): boolean;
}

/** A wait that is longer than a message can be delayed ends with tick, and some worlds have none. */
export function isLeftToTick(run: Run, row: Delivery | undefined): boolean {
  return !run.profile.tick && row?.status === 'pending' && row.dueAt === row.nextTryAt;
}

export function audit(run: Run, rest: Rest): void {
  const { table } = rest;
  for (const job of table.records()) {
    const violated = (rule: string, detail: string) => run.violate(rule, `${job.jobId} ${detail}`, job.jobId);
    if (!isFinal(job.state)) violated('I17', `is still ${job.state}`);
    else if (job.settled !== true || job.dueAt !== undefined)
      violated('R5', `is ${job.state} and not settled`);
    if (job.state === 'failed' && !endedByAnother(job) && !hasNoInput(job) && !rest.letters.has(job.jobId))
      violated('2.6', 'failed without a dead letter');
    for (const endpoint of table.endpoints()) {
      const type = `job.${job.state}`;
      if (endpoint.tenantId === job.tenantId && wants(endpoint, type) && isFinal(job.state)) {
        if (rest.notified.has(`${job.jobId} ${type} ${endpoint.endpointId}`)) continue;
        const row = [...table.deliveries.values()].find(
          ({ jobId, endpointId, eventType }) =>
            jobId === job.jobId && endpointId === endpoint.endpointId && eventType === type,
        );
        // Its tenant gave it up; what it would have been told is kept for a replay.
        if (endpoint.disabled !== undefined && (row?.status === 'held' || row?.status === 'abandoned'))
          continue;
        if (isLeftToTick(run, row)) continue;
        violated(
          'I19',
          `never told ${endpoint.endpointId} that it is ${job.state}; its delivery is ${row?.status}`,
        );
      }
    }
    if (
      job.state === 'cancelled' &&
      !endedByAnother(job) &&
      !rest.cancelled.asked(job) &&
      !rest.isGroupCancelled(job)
    )
      violated('2.10', 'is cancelled without a cancel of its tenant');
    const children = table.records().filter(({ parent }) => parent === job.jobId);
    if (children.length > 1 || children.some(({ jobId }) => jobId !== childIdOf(job.jobId)))
      violated('2.10', `has the children ${children.map(({ jobId }) => jobId)}`);
    if (children.length === 1 && job.redrivenAs !== children[0]?.jobId)
      violated('2.10', 'does not know its child');
  }
  const resting = new Set(rest.resting().map(({ attributes }) => attributes['deadLetterOf']));
  for (const jobId of rest.redriven)
    if (table.job(childIdOf(jobId)) === undefined && !resting.has(jobId) && !table.job(jobId)?.discarded)
      run.violate('2.10', `${jobId} was brought back, and has neither a child nor a letter`, jobId);
  for (const { tenantId, holders } of rest.gates.gates())
    if (holders.length > 0)
      run.violate('I2', `the gate of ${tenantId} still has ${holders.length} holders`, holders[0]?.jobId);
  for (const row of rest.gates.rows()) {
    const job = table.job(row.jobId);
    // Put back by a write that was carried out again after the end. No attempt waits there, and the tenant's next wake-up
    // takes it out.
    if (job !== undefined && mustNotHold(job, row.attempt)) continue;
    const gate = rest.gates.gates().find(({ tenantId }) => tenantId === row.tenantId);
    const why = couldEnter(gate, row) ? 'although it could enter' : 'at a gate that is shut';
    run.violate('I18', `${row.jobId} attempt ${row.attempt} still waits ${why}`, row.jobId);
  }
  for (const jobId of [...rest.sent, rest.answered].flatMap((ids) => [...ids]))
    if (table.job(jobId) === undefined) run.violate('I15', `${jobId} was sent and has no record`, jobId);
  for (const job of rest.batch.jobs.values())
    if (!isOver(job)) run.violate('I20', `${job.id} is still ${job.status}`, job.request.parameters['jobId']);
  for (const { operationId, state } of rest.operations.all())
    if (state === 'running' || state === 'cancelling')
      run.violate('2.16', `${operationId} is still ${state}`);
  for (const queue of rest.queues)
    if (queue.size() > 0) run.violate('I20', `the queue ${queue.name} still holds ${queue.size()} messages`);
}
