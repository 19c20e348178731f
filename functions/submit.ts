/**
 * Woken by the submit queue. Leaves the intent on the record, calls SubmitJob once, and records the answer.
 *
 * An answer that never came stays unknown: the message comes back when the call can no longer be travelling, and then
 * Batch is asked by name. The worker's claim and Batch's events may settle it sooner.
 */
import { type SubmitMessage, SubmitQueueMessage } from '../domain/batch/messages.ts';
import type { JobRecord } from '../domain/job/job.ts';
import { memberName } from '../domain/tenant/member.ts';
import { policyOf, type TenantDefaults } from '../domain/tenant/policy.ts';
import { lifecycleEvent } from '../domain/webhook/notification.ts';
import { batchPort } from '../io/batch.ts';
import { bus } from '../io/bus.ts';
import { batch, dynamo, eventBridge, sqs, submittingBatch } from '../io/clients.ts';
import { systemChance, systemClock } from '../io/clock.ts';
import { type DebtPorts, payDebts } from '../io/debts.ts';
import { readEnv } from '../io/env.ts';
import { type GateStore, gateStore } from '../io/gates.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog } from '../io/log.ts';
import { pace, pacedBatch } from '../io/pace.ts';
import { queue } from '../io/queues.ts';
import { type Slots, tableSlots } from '../io/slots.ts';
import { type Left, type Step, type SubmissionPorts, stepSubmission } from '../io/submission.ts';
import { table } from '../io/table.ts';
import { type TenantStore, tenantStore } from '../io/tenants.ts';
import { jobTypes } from '../job-types.ts';

/** Waiting for a turn costs Lambda time; beyond this the message waits in its queue instead. */
const MAX_TURN_WAIT_MS = 2000;

export interface SubmitPorts extends SubmissionPorts, Omit<DebtPorts, 'clock' | 'slots'> {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly gates: Pick<GateStore, 'load'>;
  readonly slots: Slots;
  readonly defaults: TenantDefaults;
}

export function submit(ports: SubmitPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, SubmitQueueMessage, ports.log);
    const asked = read.flatMap(({ value }) => ('jobId' in value ? [value] : []));
    const known = await load(ports, asked);
    const stepped = await eachAlone(read, ports.log, async ({ message, value }) => {
      if ('wake' in value) await ports.slots.wake(value.wake, value.after);
      const left = 'jobId' in value ? await stepSubmission(ports, known.step(value), known.job(value)) : {};
      return { message, left };
    });
    await payDebts(
      ports,
      stepped.flatMap(({ left }) => left.owing ?? []),
    );
    await ports.bus.publish(stepped.flatMap(({ left }) => left.told ?? []).map(lifecycleEvent));
    await ports.submitQueue.send(
      stepped.flatMap(({ message, left }) => again(message, left, ports.clock.nowMs())),
    );
    return new Set(stepped.map(({ message }) => message.id));
  };
}

/** Everything the messages of a batch are about, in one read. */
async function load(ports: SubmitPorts, asked: readonly SubmitMessage[]) {
  const tenantIds = asked.map(({ tenantId }) => tenantId);
  const [jobs, tenants, gates] = await Promise.all([
    ports.jobs.load(asked.map(({ jobId }) => jobId)),
    ports.tenants.load(tenantIds),
    ports.gates.load(tenantIds),
  ]);
  return {
    /** A message that names another tenant than the record is not one of ours. */
    job({ jobId, tenantId }: SubmitMessage): JobRecord | undefined {
      const job = jobs.get(jobId);
      return job?.tenantId === tenantId ? job : undefined;
    },
    step(message: SubmitMessage): Step {
      const gate = gates.get(message.tenantId);
      const isMember = gate?.members.some((member) => memberName(member) === memberName(message)) === true;
      const policy = policyOf(tenants.get(message.tenantId), ports.defaults);
      return { asked: message, weight: policy?.weight ?? 1, gate, isMember };
    },
  };
}

function again({ body }: Message, { againAtMs }: Left, nowMs: number) {
  return againAtMs === undefined ? [] : [{ body, delaySeconds: (againAtMs - nowMs) / 1000 }];
}

const log = createLog('submit');
const env = readEnv(
  'TABLE_NAME',
  'SUBMIT_QUEUE_URL',
  'DEAD_LETTER_QUEUE_URL',
  'EVENT_BUS_NAME',
  'TENANT_DEFAULTS',
  'SUBMIT_SETTLE_SECONDS',
  'BATCH_CALLS_PER_SECOND',
  'JOB_QUEUE_STANDARD',
  'JOB_QUEUE_ECONOMY',
  'JOB_DEFINITION_SMALL',
  'JOB_DEFINITION_MEDIUM',
  'JOB_DEFINITION_PLAIN',
);
const items = table(dynamo(), env.TABLE_NAME, systemChance);
const queues = sqs();
const submitQueue = queue(queues, env.SUBMIT_QUEUE_URL);
const budget = pace(items, {
  callsPerSecond: env.BATCH_CALLS_PER_SECOND,
  maxWaitMs: MAX_TURN_WAIT_MS,
  clock: systemClock,
});

export const handler = queueHandler(
  log,
  submit({
    jobs: jobStore(items),
    batch: pacedBatch(batchPort(batch(), submittingBatch()), budget, systemClock),
    tenants: tenantStore(items),
    gates: gateStore(items),
    slots: tableSlots(items, {
      submitQueue,
      clock: systemClock,
      log,
      defaultCap: env.TENANT_DEFAULTS.cap,
    }),
    defaults: env.TENANT_DEFAULTS,
    pace: budget,
    submitQueue,
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
    targets: {
      queues: { standard: env.JOB_QUEUE_STANDARD, economy: env.JOB_QUEUE_ECONOMY },
      definitions: {
        small: env.JOB_DEFINITION_SMALL,
        medium: env.JOB_DEFINITION_MEDIUM,
        plain: env.JOB_DEFINITION_PLAIN,
      },
    },
    settleMs: env.SUBMIT_SETTLE_SECONDS * 1000,
  }),
);
