/**
 * The ports of the functions, each made from the environment of its function. A function opens what it needs and
 * passes it to its use case; a bundle contains only what its function opens.
 */
import { definitionOf, functionOf } from '../domain/batch/definitions.ts';
import { resultDays } from '../domain/job/clearance.ts';
import { isForBus, isForNotify } from '../domain/webhook/notification.ts';
import { keyRegister, keyStore } from './access/keys.ts';
import { revocationStore } from './access/revocations.ts';
import { signatures } from './access/signatures.ts';
import { batchPort } from './aws/batch.ts';
import { batchWaiting } from './aws/batch-waiting.ts';
import { bus, eventQueue, inTurn } from './aws/bus.ts';
import {
  batch,
  dynamo,
  erasingLogs,
  eventBridge,
  kms,
  lambda,
  logs,
  s3,
  sqs,
  startingLambda,
  sts,
  submittingBatch,
} from './aws/clients.ts';
import { deadLetterCounts } from './aws/dead-letter-counts.ts';
import { functionsPort } from './aws/functions.ts';
import { opening, sealing } from './aws/keys.ts';
import { logPages } from './aws/logs/log-pages.ts';
import { logTail } from './aws/logs/log-tail.ts';
import { workerLogs } from './aws/logs/worker-logs.ts';
import { queue } from './aws/queues.ts';
import { lendingCredentials } from './aws/scoped-credentials.ts';
import { signedObjects } from './aws/signed-objects.ts';
import { tenantObjects } from './aws/tenant-objects.ts';
import { workerKeys } from './aws/worker-keys.ts';
import { countedJobs, countedLimiter } from './counted.ts';
import { outage } from './http/outage.ts';
import { webhooks } from './http/post.ts';
import { signedHeaders } from './http/signature.ts';
import { traces } from './http/traces.ts';
import { xraySignature } from './http/xray-signature.ts';
import { arrayObjects } from './open-array-objects.ts';
import { systemClock } from './process/clock.ts';
import { JOB_QUEUES, jobQueuesOf, readEnv } from './process/env.ts';
import { limitPerKey } from './process/limit-per-key.ts';
import { createLog, measuringLog } from './process/log.ts';
import { systemRandom } from './process/random.ts';
import { batched } from './table/batching.ts';
import { deliveryStore } from './table/deliveries.ts';
import { dependantStore } from './table/dependency/dependants.ts';
import { rollStore } from './table/due/rolls.ts';
import { dueIndex, SET_ASIDE } from './table/due.ts';
import { endpointRegister, endpointStore } from './table/endpoints.ts';
import { failureStore } from './table/failures.ts';
import { gateStore } from './table/gates.ts';
import { arrayItemStore } from './table/group/array-items.ts';
import { groupLists } from './table/group/group-lists.ts';
import { groupStore } from './table/group/groups.ts';
import { jobLists } from './table/job-lists.ts';
import { jobStore } from './table/jobs.ts';
import { clearanceStore } from './table/operation/clearance.ts';
import { operationStore } from './table/operation/operations.ts';
import { paceFreeAtMs, rateLimiter } from './table/rate-limiter.ts';
import { receiptStore } from './table/receipts.ts';
import { scheduleStore } from './table/schedules.ts';
import { sealedKeys } from './table/sealed-keys.ts';
import { table } from './table/table.ts';
import { tenantRows } from './table/tenant/tenant-rows.ts';
import { tenantStore } from './table/tenants.ts';
import { turnBook } from './table/turn-book.ts';
import { waitingReader, waitingStore } from './table/waiting.ts';

/**
 * @param name the name of the process in the log
 * @throws EnvironmentIncomplete, like each function of this file
 */
export function openTable(name: string) {
  const env = readEnv('STAGE', 'TABLE_NAME', 'EVENT_BUS_NAME', 'NOTIFY_QUEUE_URL', 'PUBLISH_EVENTS');
  const published = env.PUBLISH_EVENTS;
  return {
    items: table(dynamo(), env.TABLE_NAME, systemRandom),
    bus: inTurn([
      { to: bus(eventBridge(), env.EVENT_BUS_NAME), wants: (event) => isForBus(event, published) },
      { to: eventQueue(queue(sqs(), env.NOTIFY_QUEUE_URL)), wants: (event) => isForNotify(event, published) },
    ]),
    log: measuringLog(name, env.STAGE, systemClock),
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
    jobs: countedJobs(jobStore(parts.items), parts.log),
    operations: operationStore(parts.items),
    failures: failureStore(parts.items),
    receipts: receiptStore(parts.items),
    rolls: rollStore(parts.items),
    dependants: dependantStore(parts.items),
    groups: groupStore(parts.items),
    arrayItems: arrayItemStore(parts.items),
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
    jobs: countedJobs(jobStore(parts.items), parts.log),
    rolls: rollStore(parts.items),
    batched,
    dependants: dependantStore(parts.items),
    groups: groupStore(parts.items),
    arrayItems: arrayItemStore(parts.items),
    lists: jobLists(parts.items),
    groupLists: groupLists(parts.items),
    tenants: tenantStore(parts.items),
    revocations: revocationStore(parts.items),
    gates: gateStore(parts.items),
    waiting: waitingReader(parts.items),
    endpoints: endpointStore(parts.items),
    deliveries: deliveryStore(parts.items),
    submitQueue: queue(sqs(), env.SUBMIT_QUEUE_URL),
    defaults: env.TENANT_DEFAULTS,
    defaultCap: env.TENANT_DEFAULTS.cap,
    audience: env.STACK_AUDIENCE,
  };
}

/** What ended jobs have left, and what operators have done about them, for its reader. */
export function openEnded({ items }: Pick<Jobs, 'items'>) {
  return { failures: failureStore(items), receipts: receiptStore(items), operations: operationStore(items) };
}

/** For the door that tells tenants what they have used. */
export function openReceipts({ items }: Pick<Jobs, 'items'>) {
  return { receipts: receiptStore(items) };
}

/** Keys, for the door that verifies tokens. It may read one at a time. */
export function openKeys() {
  const { KEYS_TABLE_NAME } = readEnv('KEYS_TABLE_NAME');
  return { keys: keyStore(table(dynamo(), KEYS_TABLE_NAME, systemRandom)), signatures };
}

/** The web pages that may call the door for tenants. */
export function openPages() {
  return { pageOrigins: readEnv('PAGE_ORIGINS').PAGE_ORIGINS };
}

/** Keys, for the door that registers them. */
export function openKeyRegister() {
  const { KEYS_TABLE_NAME } = readEnv('KEYS_TABLE_NAME');
  return { register: keyRegister(table(dynamo(), KEYS_TABLE_NAME, systemRandom)) };
}

/** What operations act on, beside jobs: lists of them, and deliveries. */
export function openMatches({ items }: Pick<Jobs, 'items'>) {
  const { DELIVERY_QUEUE_URL } = readEnv('DELIVERY_QUEUE_URL');
  return {
    lists: jobLists(items),
    endpoints: endpointStore(items),
    deliveries: deliveryStore(items),
    deliveryQueue: queue(sqs(), DELIVERY_QUEUE_URL),
  };
}

export function openBucket() {
  const { BUCKET_NAME, OBJECT_RETENTION_DAYS } = readEnv('BUCKET_NAME', 'OBJECT_RETENTION_DAYS');
  return { bucket: BUCKET_NAME, objectDays: OBJECT_RETENTION_DAYS };
}

/** For the step that makes and ends arrays. */
export const openArrayObjects = () => arrayObjects();

/**
 * AWS Batch for functions that look up and terminate Batch jobs.
 * @param maxWaitMs the longest wait for the rate limit
 */
export function openBatch({ items, clock, log }: Jobs, maxWaitMs: number) {
  const { BATCH_CALLS_PER_SECOND } = readEnv('BATCH_CALLS_PER_SECOND');
  const client = batch();
  return {
    callsPerSecond: BATCH_CALLS_PER_SECOND,
    batch: batchPort(client, client),
    limiter: countedLimiter(
      rateLimiter(items, { callsPerSecond: BATCH_CALLS_PER_SECOND, maxWaitMs, clock }),
      log,
    ),
  };
}

/** AWS Batch for the one function that submits to it. */
export function openSubmission({ items, clock, log }: Jobs, maxWaitMs: number) {
  const env = readEnv(
    'BATCH_CALLS_PER_SECOND',
    'WORKER_KEY_ID',
    'SUBMIT_SETTLE_SECONDS',
    ...JOB_QUEUES,
    'JOB_DEFINITIONS',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'TRACE_SAMPLING',
  );
  return {
    batch: batchPort(batch(), submittingBatch()),
    functions: functionsPort(startingLambda()),
    tickets: workerKeys(kms(), env.WORKER_KEY_ID, sealedKeys(items), clock),
    limiter: countedLimiter(
      rateLimiter(items, { callsPerSecond: env.BATCH_CALLS_PER_SECOND, maxWaitMs, clock }),
      log,
    ),
    turns: turnBook(items, env.BATCH_CALLS_PER_SECOND),
    targets: {
      queues: jobQueuesOf(env),
      definitionOf: (jobType: string) => definitionOf(env.JOB_DEFINITIONS, jobType),
      functionOf: (jobType: string) => functionOf(env.JOB_DEFINITIONS, jobType),
    },
    settleMs: env.SUBMIT_SETTLE_SECONDS * 1000,
    traceSampling: env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT === '' ? undefined : env.TRACE_SAMPLING,
  };
}

/** All that containers may ask for. */
export function openWorkerApi(name: string) {
  const env = readEnv(
    'BUCKET_NAME',
    'BUCKET_ARN',
    'OBJECTS_ROLE_ARN',
    'OBJECT_RETENTION_DAYS',
    'RETENTION_DAYS',
    'WORKER_KEY_ID',
    ...JOB_QUEUES,
    'SUBMIT_QUEUE_URL',
    'PRICING',
  );
  const parts = openTable(name);
  const client = batch();
  return {
    ...parts,
    jobs: countedJobs(jobStore(parts.items), parts.log),
    submitQueue: queue(sqs(), env.SUBMIT_QUEUE_URL),
    pricing: env.PRICING,
    keys: workerKeys(kms(), env.WORKER_KEY_ID, sealedKeys(parts.items), systemClock),
    objects: signedObjects(s3(), env.BUCKET_NAME),
    lendCredentials: lendingCredentials(sts(), env.OBJECTS_ROLE_ARN, env.BUCKET_ARN),
    batch: batchPort(client, client),
    queues: [env.JOB_QUEUE_STANDARD, env.JOB_QUEUE_ECONOMY, ...Object.values(env.JOB_QUEUES_OF_INSTANCES)],
    bucket: env.BUCKET_NAME,
    resultDays: resultDays(env.OBJECT_RETENTION_DAYS, env.RETENTION_DAYS),
  };
}

/** For the programs of job types: they know worker-api, and have no right to anything else. */
export function openRun(name: string) {
  const { HEADGATE_API } = readEnv('HEADGATE_API');
  return {
    workerApi: { client: lambda(), functionName: HEADGATE_API },
    clock: systemClock,
    random: systemRandom,
    log: createLog(name),
  };
}

/** For functions that end attempts: the logs of workers, and what workers cost. */
export function openEnds() {
  const { WORKER_LOG_GROUP, PRICING } = readEnv('WORKER_LOG_GROUP', 'PRICING');
  return { logTail: logTail(logs(), WORKER_LOG_GROUP), pricing: PRICING };
}

/** What programs printed, for the doors of the API. */
export function openLogs() {
  return { readLogPage: logPages(logs(), readEnv('WORKER_LOG_GROUP').WORKER_LOG_GROUP) };
}

/** What the stage wants to be recorded of each report of AWS Batch. */
export function openFollowing() {
  return { recordsRunning: readEnv('RECORD_RUNNING').RECORD_RUNNING === 'true' };
}

/** For the one function that erases tenants, and what jobs have left whose records are about to go. Its client of the logs is more patient than that of the last lines. */
export function openErasure({ items }: Pick<Jobs, 'items'>) {
  const env = readEnv('BUCKET_NAME', 'WORKER_LOG_GROUP', 'RETENTION_DAYS');
  return {
    lists: jobLists(items),
    tenantRows: tenantRows(items),
    tenantObjects: tenantObjects(s3(), env.BUCKET_NAME),
    workerLogs: workerLogs(erasingLogs(), env.WORKER_LOG_GROUP),
    clearance: clearanceStore(items),
    retentionDays: env.RETENTION_DAYS,
  };
}

/** For the one function that asks why a job does not start. */
export function openWaitingBatch() {
  return { batchWaiting: batchWaiting(batch()) };
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

/** For the door that says whether the stack keeps up, and how much it does. */
export function openUpkeep({ items }: Pick<Jobs, 'items'>) {
  const { DEAD_LETTER_QUEUES, BATCH_CALLS_PER_SECOND } = readEnv(
    'DEAD_LETTER_QUEUES',
    'BATCH_CALLS_PER_SECOND',
  );
  return {
    callsPerSecond: BATCH_CALLS_PER_SECOND,
    paceFreeAtMs: () => paceFreeAtMs(items),
    due: dueIndex(items),
    setAsideShards: SET_ASIDE,
    countDeadLetters: deadLetterCounts(sqs(), DEAD_LETTER_QUEUES),
  };
}

/** Schedules, and the queue to which the jobs of their occurrences are sent. */
export function openSchedules({ items }: Pick<Jobs, 'items'>) {
  const { FRONT_QUEUE_URL } = readEnv('FRONT_QUEUE_URL');
  return { schedules: scheduleStore(items), frontQueue: queue(sqs(), FRONT_QUEUE_URL) };
}

/** For the door that sets up endpoints: it encrypts their keys, and cannot open them. */
export function openEndpointSetup({ items }: Pick<Jobs, 'items'>) {
  const env = readEnv('WEBHOOK_KEY_ID', 'DELIVERY_QUEUE_URL', 'WEBHOOK_ALLOWED_ORIGINS');
  return {
    endpoints: endpointRegister(items),
    keys: sealing(kms(), env.WEBHOOK_KEY_ID),
    deliveryQueue: queue(sqs(), env.DELIVERY_QUEUE_URL),
    allowedOrigins: env.WEBHOOK_ALLOWED_ORIGINS,
  };
}

/** The ports of the two functions that send webhooks. */
export function openWebhooks(name: string) {
  const env = readEnv(
    'DELIVERY_QUEUE_URL',
    'WEBHOOK_KEY_ID',
    'NETWORK_PROBE_HOST',
    'WEBHOOK_ALLOWED_ORIGINS',
    'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    'TRACE_SAMPLING',
    'TRACES_SIGNED',
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
    traces: traces(env, env.TRACES_SIGNED === 'true' ? xraySignature(sqs()) : undefined, parts.log),
  };
}

/** Records of jobs and groups, for the function that settles them when their tenants have been notified. */
export function openRecords({ items }: ReturnType<typeof openTable>) {
  return {
    jobs: jobStore(items),
    groups: groupStore(items),
    retentionDays: readEnv('RETENTION_DAYS').RETENTION_DAYS,
  };
}
