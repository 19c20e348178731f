/**
 * The ports of the functions, each made from the environment of its function. A function opens what it needs and
 * passes it to its use case; a bundle contains only what its function opens.
 */
import { definitionOf } from '../domain/batch/definitions.ts';
import { isForBus, isForNotify } from '../domain/webhook/notification.ts';
import { keyRegister, keyStore } from './access/keys.ts';
import { signatures } from './access/signatures.ts';
import { batchPort } from './aws/batch.ts';
import { bus, eventQueue, inTurn } from './aws/bus.ts';
import { batch, dynamo, eventBridge, kms, s3, sqs, submittingBatch } from './aws/clients.ts';
import { opening } from './aws/keys.ts';
import { queue } from './aws/queues.ts';
import { signedObjects } from './aws/signed-objects.ts';
import { workerKeys } from './aws/worker-keys.ts';
import { outage } from './http/outage.ts';
import { webhooks } from './http/post.ts';
import { signedHeaders } from './http/signature.ts';
import { systemClock } from './process/clock.ts';
import { readEnv } from './process/env.ts';
import { limitPerKey } from './process/limit-per-key.ts';
import { createLog } from './process/log.ts';
import { systemRandom } from './process/random.ts';
import { batched } from './table/batching.ts';
import { deliveryStore } from './table/deliveries.ts';
import { dueIndex } from './table/due.ts';
import { endpointStore } from './table/endpoints.ts';
import { gateStore } from './table/gates.ts';
import { jobLists } from './table/job-lists.ts';
import { jobStore } from './table/jobs.ts';
import { rateLimiter } from './table/rate-limiter.ts';
import { scheduleStore } from './table/schedules.ts';
import { sealedKeys } from './table/sealed-keys.ts';
import { table } from './table/table.ts';
import { tenantStore } from './table/tenants.ts';
import { waitingCount, waitingStore } from './table/waiting.ts';

/**
 * @param name the name of the process in the log
 * @throws EnvironmentIncomplete, like each function of this file
 */
export function openTable(name: string) {
  const env = readEnv('TABLE_NAME', 'EVENT_BUS_NAME', 'NOTIFY_QUEUE_URL', 'PUBLISH_EVENTS');
  const published = env.PUBLISH_EVENTS;
  return {
    items: table(dynamo(), env.TABLE_NAME, systemRandom),
    bus: inTurn([
      { to: bus(eventBridge(), env.EVENT_BUS_NAME), wants: (event) => isForBus(event, published) },
      { to: eventQueue(queue(sqs(), env.NOTIFY_QUEUE_URL)), wants: (event) => isForNotify(event, published) },
    ]),
    log: createLog(name),
    clock: systemClock,
    random: systemRandom,
  };
}

/** The ports of each step of a job: records, gates, and the queues for the dispatch. */
export function openJobs(name: string) {
  const env = readEnv('SUBMIT_QUEUE_URL', 'DEAD_LETTER_QUEUE_URL', 'TENANT_DEFAULTS');
  const parts = openTable(name);
  const queues = sqs();
  return {
    ...parts,
    jobs: jobStore(parts.items),
    tenants: tenantStore(parts.items),
    gates: gateStore(parts.items),
    waiting: waitingStore(parts.items),
    submitQueue: queue(queues, env.SUBMIT_QUEUE_URL),
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    defaults: env.TENANT_DEFAULTS,
    defaultCap: env.TENANT_DEFAULTS.cap,
    batched,
  };
}

type Jobs = ReturnType<typeof openJobs>;

/**
 * The ports of the doors of the API: records, and what is read beside them. They hand changed records to the submit step, so
 * they know nothing of dead letters.
 */
export function openDoor(name: string) {
  const env = readEnv('SUBMIT_QUEUE_URL', 'TENANT_DEFAULTS', 'STACK_AUDIENCE');
  const parts = openTable(name);
  return {
    ...parts,
    jobs: jobStore(parts.items),
    lists: jobLists(parts.items),
    tenants: tenantStore(parts.items),
    gates: gateStore(parts.items),
    waiting: waitingCount(parts.items),
    endpoints: endpointStore(parts.items),
    deliveries: deliveryStore(parts.items),
    submitQueue: queue(sqs(), env.SUBMIT_QUEUE_URL),
    defaults: env.TENANT_DEFAULTS,
    defaultCap: env.TENANT_DEFAULTS.cap,
    audience: env.STACK_AUDIENCE,
  };
}

/** Keys, for the door that verifies tokens. It may read one at a time. */
export function openKeys() {
  const { KEYS_TABLE_NAME } = readEnv('KEYS_TABLE_NAME');
  return { keys: keyStore(table(dynamo(), KEYS_TABLE_NAME, systemRandom)), signatures };
}

/** Keys, for the door that registers them. */
export function openKeyRegister() {
  const { KEYS_TABLE_NAME } = readEnv('KEYS_TABLE_NAME');
  return { register: keyRegister(table(dynamo(), KEYS_TABLE_NAME, systemRandom)) };
}

export function openBucket() {
  const { BUCKET_NAME, OBJECT_RETENTION_DAYS } = readEnv('BUCKET_NAME', 'OBJECT_RETENTION_DAYS');
  return { bucket: BUCKET_NAME, objectDays: OBJECT_RETENTION_DAYS };
}

/**
 * AWS Batch for functions that look up and terminate Batch jobs.
 * @param maxWaitMs the longest wait for the rate limit
 */
export function openBatch({ items, clock }: Jobs, maxWaitMs: number) {
  const { BATCH_CALLS_PER_SECOND } = readEnv('BATCH_CALLS_PER_SECOND');
  const client = batch();
  return {
    callsPerSecond: BATCH_CALLS_PER_SECOND,
    batch: batchPort(client, client),
    limiter: rateLimiter(items, { callsPerSecond: BATCH_CALLS_PER_SECOND, maxWaitMs, clock }),
  };
}

/** AWS Batch for the one function that submits to it. */
export function openSubmission({ items, clock }: Jobs, maxWaitMs: number) {
  const env = readEnv(
    'BATCH_CALLS_PER_SECOND',
    'WORKER_KEY_ID',
    'SUBMIT_SETTLE_SECONDS',
    'JOB_QUEUE_STANDARD',
    'JOB_QUEUE_ECONOMY',
    'JOB_DEFINITIONS',
  );
  return {
    batch: batchPort(batch(), submittingBatch()),
    tickets: workerKeys(kms(), env.WORKER_KEY_ID, sealedKeys(items), clock),
    limiter: rateLimiter(items, { callsPerSecond: env.BATCH_CALLS_PER_SECOND, maxWaitMs, clock }),
    targets: {
      queues: { standard: env.JOB_QUEUE_STANDARD, economy: env.JOB_QUEUE_ECONOMY },
      definitionOf: (jobType: string) => definitionOf(env.JOB_DEFINITIONS, jobType),
    },
    settleMs: env.SUBMIT_SETTLE_SECONDS * 1000,
  };
}

/** All that containers may ask for. */
export function openWorkerApi(name: string) {
  const env = readEnv(
    'TABLE_NAME',
    'BUCKET_NAME',
    'WORKER_KEY_ID',
    'JOB_QUEUE_STANDARD',
    'JOB_QUEUE_ECONOMY',
  );
  const items = table(dynamo(), env.TABLE_NAME, systemRandom);
  const client = batch();
  return {
    jobs: jobStore(items),
    keys: workerKeys(kms(), env.WORKER_KEY_ID, sealedKeys(items), systemClock),
    objects: signedObjects(s3(), env.BUCKET_NAME),
    batch: batchPort(client, client),
    queues: [env.JOB_QUEUE_STANDARD, env.JOB_QUEUE_ECONOMY],
    bucket: env.BUCKET_NAME,
    clock: systemClock,
    log: createLog(name),
  };
}

/** The index of due items, and the queue for due deliveries. */
export function openDue({ items }: Jobs) {
  const env = readEnv('DELIVERY_QUEUE_URL');
  return {
    due: dueIndex(items),
    deliveries: deliveryStore(items),
    deliveryQueue: queue(sqs(), env.DELIVERY_QUEUE_URL),
  };
}

/** Schedules, and the queue to which the jobs of their occurrences are sent. */
export function openSchedules({ items }: Pick<Jobs, 'items'>) {
  const { FRONT_QUEUE_URL } = readEnv('FRONT_QUEUE_URL');
  return { schedules: scheduleStore(items), frontQueue: queue(sqs(), FRONT_QUEUE_URL) };
}

/** The ports of the two functions that send webhooks. */
export function openWebhooks(name: string) {
  const env = readEnv(
    'DELIVERY_QUEUE_URL',
    'WEBHOOK_KEY_ID',
    'NETWORK_PROBE_HOST',
    'WEBHOOK_ALLOWED_ORIGINS',
  );
  const parts = openTable(name);
  return {
    ...parts,
    endpoints: endpointStore(parts.items),
    deliveries: deliveryStore(parts.items),
    keys: opening(kms(), env.WEBHOOK_KEY_ID),
    sign: signedHeaders,
    webhooks: webhooks({
      allowedOrigins: env.WEBHOOK_ALLOWED_ORIGINS,
      outage: outage(env.NETWORK_PROBE_HOST),
    }),
    deliveryQueue: queue(sqs(), env.DELIVERY_QUEUE_URL),
    limitPerKey,
  };
}

/** Job records, for the function that settles them when their tenants have been notified. */
export function openRecords({ items }: ReturnType<typeof openTable>) {
  return { jobs: jobStore(items) };
}
