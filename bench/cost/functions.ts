/** The use cases of the functions, each sandbox over its own ports of one counted cloud. */
import { pacedBatch } from '../../application/batch/paced-batch.ts';
import { submit } from '../../application/batch/submit.ts';
import { track } from '../../application/batch/track.ts';
import { intake } from '../../application/intake/intake.ts';
import { tick } from '../../application/repair/tick.ts';
import { slots } from '../../application/tenant/slots.ts';
import { notify } from '../../application/webhook/notify.ts';
import type { JobTypes } from '../../domain/job/job-type.ts';
import type { TenantDefaults } from '../../domain/tenant/policy.ts';
import { isForBus, isForNotify, type PublishedEvents } from '../../domain/webhook/notification.ts';
import type { BatchPort } from '../../io/aws/batch.ts';
import { bus, eventQueue, inTurn } from '../../io/aws/bus.ts';
import { opening } from '../../io/aws/keys.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import { queue } from '../../io/aws/queues.ts';
import { signedHeaders } from '../../io/http/signature.ts';
import type { PacingClock } from '../../io/process/clock.ts';
import { limitPerKey } from '../../io/process/limit-per-key.ts';
import type { Random } from '../../io/process/random.ts';
import { batched } from '../../io/table/batching.ts';
import { deliveryStore } from '../../io/table/deliveries.ts';
import { dependantStore } from '../../io/table/dependency/dependants.ts';
import { rollStore } from '../../io/table/due/rolls.ts';
import { dueIndex } from '../../io/table/due.ts';
import { endpointStore } from '../../io/table/endpoints.ts';
import { failureStore } from '../../io/table/failures.ts';
import { gateStore } from '../../io/table/gates.ts';
import { arrayItemStore } from '../../io/table/group/array-items.ts';
import { groupStore } from '../../io/table/group/groups.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { operationStore } from '../../io/table/operation/operations.ts';
import { rateLimiter } from '../../io/table/rate-limiter.ts';
import { receiptStore } from '../../io/table/receipts.ts';
import { scheduleStore } from '../../io/table/schedules.ts';
import { table } from '../../io/table/table.ts';
import { tenantStore } from '../../io/table/tenants.ts';
import { turnBook } from '../../io/table/turn-book.ts';
import { waitingStore } from '../../io/table/waiting.ts';
import { type CountedCloud, QUEUES_URL, TABLE } from './cloud.ts';
import { type Counts, countingLog } from './meter.ts';
import type { Handled } from './queues.ts';

const defaults: TenantDefaults = {
  admitUnknown: false,
  cap: 0,
  waitingQuota: 100_000,
  priorityCeiling: 'high',
  abovePriorityCeiling: 'clamp',
};

/** As in functions/submit.ts. */
const MAX_WAIT_MS = 2000;

export interface Surroundings {
  readonly cloud: CountedCloud;
  readonly counts: Counts;
  readonly batch: BatchPort;
  readonly types: JobTypes;
  readonly published: PublishedEvents;
  readonly recordsRunning: boolean;
  readonly callsPerSecond: number;
  readonly clock: PacingClock;
  readonly random: Random;
}

/** The run of every minute. */
export const everyMinute = (around: Surroundings): (() => Promise<void>) => tick(portsOf(around, 'tick'));

/** One warm sandbox of each function. */
export function sandbox(around: Surroundings): Readonly<Record<Handled, MessageBatch>> {
  return {
    front: intake(portsOf(around, 'intake')),
    submit: submit({ ...NO_OBJECTS, ...portsOf(around, 'submit') }),
    events: track(portsOf(around, 'track')),
    notify: notify(portsOf(around, 'notify')),
  };
}

/** No array of these runs is in an object. */
const NO_OBJECTS = {
  itemObjects: { count: async () => undefined, lines: async () => undefined },
  manifests: { putOnce: async () => undefined },
};

function portsOf(around: Surroundings, service: string) {
  const { cloud, counts, batch, types, published, recordsRunning, callsPerSecond, clock, random } = around;
  const items = table(cloud.db, TABLE, random);
  const parts = {
    log: countingLog(counts, service),
    clock,
    random,
    batched,
    limitPerKey,
    defaults,
    defaultCap: defaults.cap,
    types,
    bucket: 'headgate-bench',
    objectDays: 30,
    settleMs: 60_000,
    // A process opens its key once.
    tickets: { sign: async () => 'ticket' },
    jobs: jobStore(items),
    failures: failureStore(items),
    receipts: receiptStore(items),
    operations: operationStore(items),
    rolls: rollStore(items),
    due: dueIndex(items),
    schedules: scheduleStore(items),
    frontQueue: queue(cloud.sqs, `${QUEUES_URL}/front`),
    batchWaiting: { describeQueue: async () => undefined, cancelWaiting: async () => undefined },
    callsPerSecond,
    recordsRunning,
    pricing: { region: 'us-east-1', spotFactor: 0.3 },
    dependants: dependantStore(items),
    groups: groupStore(items),
    arrayItems: arrayItemStore(items),
    tenants: tenantStore(items),
    gates: gateStore(items),
    waiting: waitingStore(items),
    endpoints: endpointStore(items),
    deliveries: deliveryStore(items),
    // No operation is part of a job's cost.
    carryOut: async () => undefined,
    submitQueue: queue(cloud.sqs, `${QUEUES_URL}/submit`),
    deadLetters: queue(cloud.sqs, `${QUEUES_URL}/dead`),
    deliveryQueue: queue(cloud.sqs, `${QUEUES_URL}/delivery`),
    retentionDays: { succeeded: 90, failed: 180, cancelled: 90, expired: 90 },
    bus: inTurn([
      { to: bus(cloud.events, 'bench'), wants: (event) => isForBus(event, published) },
      {
        to: eventQueue(queue(cloud.sqs, `${QUEUES_URL}/notify`)),
        wants: (event) => isForNotify(event, published),
      },
    ]),
    keys: opening(cloud.kms, 'bench'),
    sign: signedHeaders,
    limiter: rateLimiter(items, { callsPerSecond, maxWaitMs: MAX_WAIT_MS, clock }),
    turns: turnBook(items, callsPerSecond),
    webhooks: {
      post: async ({ headers, body }: { readonly headers: object; readonly body: string }) => {
        counts.webhookBytes += JSON.stringify(headers).length + body.length;
        return { kind: 'answered', status: 204, body: '', ms: 20 } as const;
      },
    },
    targets: {
      queues: { standard: 'standard', economy: 'economy' },
      definitionOf: (jobType: string) => jobType,
      functionOf: (jobType: string) => jobType,
    },
  };
  const functions = {
    start: async (): Promise<never> => {
      throw new Error('No job of this measurement runs on Lambda');
    },
  };
  return { ...parts, functions, batch: pacedBatch(batch, parts.limiter, clock), slots: slots(parts) };
}
