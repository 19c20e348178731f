/**
 * Woken by the front queue. Leaves one record for each job and the message for its next step; cancels what it is asked
 * to; a message that cannot be a job goes to the dead-letter queue at once, with the reason.
 */
import { admit, type Circumstances, type Identity, newJob } from '../domain/admission.ts';
import { advance } from '../domain/advance.ts';
import { type DeadLetter, refusedMessage } from '../domain/dead-letter.ts';
import { type Problem, problem } from '../domain/errors.ts';
import type { JobRecord } from '../domain/job.ts';
import type { JobTypes } from '../domain/job-type.ts';
import { judgeRedrive, redrivenAs } from '../domain/lineage.ts';
import { isOwed } from '../domain/notification.ts';
import { policyOf, type TenantDefaults } from '../domain/policy.ts';
import type { Priority } from '../domain/priority.ts';
import {
  type CancelRequest,
  IdempotencyKey,
  type JobRequest,
  type ParsedRequest,
  parseRequest,
} from '../domain/request.ts';
import type { Tenant } from '../domain/tenant.ts';
import { binds, type Tombstone, tombstoneFor } from '../domain/tombstone.ts';
import { bus } from '../io/bus.ts';
import { changeJob } from '../io/change.ts';
import { dynamo, eventBridge, sqs } from '../io/clients.ts';
import { type Chance, systemChance, systemClock } from '../io/clock.ts';
import { type DebtPorts, payDebts } from '../io/debts.ts';
import { readEnv } from '../io/env.ts';
import { contextOf } from '../io/follow.ts';
import { gateStore } from '../io/gates.ts';
import { childIdOf, fingerprintOf, jobIdOf } from '../io/identity.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler } from '../io/lambda.ts';
import { createLog, errorName, type Log } from '../io/log.ts';
import { queue } from '../io/queues.ts';
import { backlogsOf, type QuotaPorts } from '../io/quota.ts';
import { tableSlots } from '../io/slots.ts';
import { table } from '../io/table.ts';
import { type TenantStore, tenantStore } from '../io/tenants.ts';
import { waitingStore } from '../io/waiting.ts';
import { jobTypes } from '../job-types.ts';

export interface IntakePorts extends DebtPorts, QuotaPorts {
  readonly jobs: Pick<JobStore, 'create' | 'createOver' | 'leaveTombstone' | 'get' | 'replace'>;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly chance: Chance;
  readonly log: Log;
  readonly types: JobTypes;
  readonly defaults: TenantDefaults;
  readonly bucket: string;
}

/** What is known of the tenants of a batch of messages. */
interface Known {
  readonly tenants: ReadonlyMap<string, Tenant>;
  /** How many of their jobs wait for a slot. */
  readonly backlogs: ReadonlyMap<string, number>;
}

/** What came of a message: a dead letter, a record that owes its next step, or nothing that must be sent. */
type Outcome = { readonly message: Message } & (
  | { readonly kind: 'refused'; readonly letter: DeadLetter }
  | { readonly kind: 'taken'; readonly job: JobRecord }
  | { readonly kind: 'ignored' }
);

export function intake(ports: IntakePorts): MessageBatch {
  return async (messages) => {
    const read = messages.map((message) => ({ message, parsed: parseRequest(message.body) }));
    const tenantIds = read.flatMap(({ parsed }) => tenantOf(parsed) ?? []);
    const [tenants, backlogs] = await Promise.all([
      ports.tenants.load(tenantIds),
      backlogsOf(ports, tenantIds),
    ]);
    const outcomes = await eachAlone(read, ports.log, ({ message, parsed }) =>
      take(ports, message, parsed, { tenants, backlogs }),
    );

    const taken = outcomes.filter((outcome) => outcome.kind === 'taken');
    await passOn(
      ports,
      taken.map(({ job }) => job),
    );
    const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
    // Each alone: a body so large that its reason does not fit beside it stays, and the queue buries it whole.
    const buried = await eachAlone(refused, ports.log, async ({ message, letter }) => {
      await ports.deadLetters.send([letter]);
      return message.id;
    });
    const rest = outcomes.filter((outcome) => outcome.kind !== 'refused').map(({ message }) => message.id);
    return new Set([...rest, ...buried]);
  };
}

function tenantOf(parsed: ParsedRequest): string | undefined {
  if (parsed.kind === 'refused') return undefined;
  return parsed.kind === 'submit' ? parsed.request.tenantId : parsed.cancel.tenantId;
}

/**
 * The records are there, so their jobs will run whatever happens now: the sweep sends what could not be sent. Giving the
 * messages back instead could make a second job of one without a key, should the queue move it to its dead letters.
 */
async function passOn(ports: IntakePorts, jobs: readonly JobRecord[]): Promise<void> {
  // A repeated message finds its job further on: then only what is still owed to the tenant is sent again.
  const owing = jobs.filter((job) => job.version === 1 || job.state === 'cancelling' || isOwed(job));
  await payDebts(ports, owing).catch((error: unknown) => {
    ports.log.error('debts:pay:failed', { why: errorName(error), count: owing.length });
  });
}

async function take(
  ports: IntakePorts,
  message: Message,
  parsed: ParsedRequest,
  known: Known,
): Promise<Outcome> {
  switch (parsed.kind) {
    case 'refused':
      return refuse(ports, message, parsed.problem);
    case 'cancel':
      return cancel(ports, message, parsed.cancel);
    case 'submit': {
      const { request } = parsed;
      const admission = admit(request, circumstancesOf(ports, known, request.tenantId));
      if (admission.kind === 'refused') return refuseUnlessKnown(ports, message, request, admission.problem);
      const asking: Asking = { message, request, clampedPriority: admission.clampedPriority };
      const parentId = message.attributes['deadLetterOf'];
      return parentId === undefined
        ? record(ports, asking, identityOf(message, request))
        : redrive(ports, asking, parentId);
    }
  }
}

function circumstancesOf(
  { types, bucket, defaults, clock }: IntakePorts,
  { tenants, backlogs }: Known,
  tenantId: string,
): Circumstances {
  return {
    policy: policyOf(tenants.get(tenantId), defaults),
    waiting: backlogs.get(tenantId) ?? 0,
    types,
    bucket,
    nowMs: clock.nowMs(),
  };
}

/** A full waiting list refuses new jobs. A repeated message is no new job. */
async function refuseUnlessKnown(
  ports: IntakePorts,
  message: Message,
  request: JobRequest,
  problem: Problem,
): Promise<Outcome> {
  const identity = identityOf(message, request);
  const known = problem.code === 'quota_waiting' ? await ports.jobs.get(identity.jobId) : undefined;
  return known?.fingerprint === identity.fingerprint
    ? { kind: 'taken', message, job: known }
    : refuse(ports, message, problem);
}

/** The key a dead letter brought back, else the message's own id, which redelivery keeps. */
function effectiveKey(message: Message): string {
  // An attribute is the sender's text like the body.
  const brought = IdempotencyKey.safeParse(message.attributes['effectiveKey']);
  return brought.success ? brought.data : message.id;
}

function identityOf(message: Message, request: JobRequest): Identity {
  const idempotencyKey = request.idempotencyKey ?? effectiveKey(message);
  return {
    jobId: jobIdOf(request.tenantId, idempotencyKey),
    idempotencyKey,
    ...(request.idempotencyKey === undefined ? { keyGiven: false as const } : {}),
    fingerprint: fingerprintOf(request),
  };
}

/** A request that may become a job. */
interface Asking {
  readonly message: Message;
  readonly request: JobRequest;
  readonly clampedPriority: Priority | undefined;
}

async function record(ports: IntakePorts, asking: Asking, identity: Identity): Promise<Outcome> {
  const { message, request, clampedPriority } = asking;
  const { jobId } = identity;
  const job = newJob(request, identity, ports.clock.nowMs(), clampedPriority);
  const created = await ports.jobs.create(job);
  ports.log.info(`job:record:${created.kind}`, { jobId, tenantId: job.tenantId, messageId: message.id });
  if (created.kind === 'tombstone') return recordOver(ports, message, job, created.tombstone);
  if (created.kind === 'exists' && created.job.fingerprint !== job.fingerprint) {
    const conflict = `The key belongs to ${jobId}, which was asked for with another body.`;
    return refuse(ports, message, problem('idempotency_conflict', '/idempotencyKey', conflict));
  }
  return { kind: 'taken', message, job: created.kind === 'exists' ? created.job : job };
}

/** A cancel came first: the job is recorded as cancelled, so that its tenant is told. */
async function recordOver(
  ports: IntakePorts,
  message: Message,
  job: JobRecord,
  tombstone: Tombstone,
): Promise<Outcome> {
  const nowMs = ports.clock.nowMs();
  const cancelled =
    binds(tombstone, job.tenantId, nowMs) && advance(job, { kind: 'cancel' }, contextOf(ports, job));
  const stored = cancelled || job;
  // Lost: another copy of this message was faster, and its handler sends what follows.
  if ((await ports.jobs.createOver(tombstone, stored)) === 'lost') return { kind: 'ignored', message };
  return { kind: 'taken', message, job: stored };
}

/** A dead letter that came back, by our own redrive or by SQS's. */
async function redrive(ports: IntakePorts, asking: Asking, parentId: string): Promise<Outcome> {
  const { message, request } = asking;
  const parent = await ports.jobs.get(parentId);
  // The failed job is gone from the table, so this is a job like any other.
  if (parent === undefined) return record(ports, asking, identityOf(message, request));
  const fingerprint = fingerprintOf(request);
  const verdict = judgeRedrive(parent, request.tenantId, fingerprint);
  ports.log.info(`letter:redrive:${verdict.kind}`, { jobId: parentId, messageId: message.id });
  if (verdict.kind === 'ignored') return { kind: 'ignored', message };
  if (verdict.kind === 'conflict') {
    const conflict = `Expected the request of ${parentId} unchanged; send an edited one as a new job.`;
    return refuse(ports, message, problem('idempotency_conflict', '', conflict));
  }
  const jobId = childIdOf(parentId);
  const { idempotencyKey, keyGiven } = parent;
  const identity = {
    jobId,
    idempotencyKey,
    ...(keyGiven === false ? { keyGiven } : {}),
    fingerprint,
    parent: parentId,
  };
  const outcome = await record(ports, asking, identity);
  // Child first: both ids are known beforehand, and a crash in between is made good by the message's return.
  await changeJob(ports.jobs, parent, (current) => redrivenAs(current, jobId, ports.clock.nowMs()));
  return outcome;
}

/** Asking twice is harmless, and so is asking for a job that is over. */
async function cancel(ports: IntakePorts, message: Message, asked: CancelRequest): Promise<Outcome> {
  const { tenantId } = asked;
  const jobId = asked.jobId ?? jobIdOf(tenantId, asked.idempotencyKey ?? '');
  const job = (await ports.jobs.get(jobId)) ?? (await tombstoneOrJob(ports, jobId, tenantId));
  // Another tenant's job is answered like none.
  if (job === undefined || job.tenantId !== tenantId) {
    ports.log.info('job:cancel:unknown', { jobId, tenantId });
    return { kind: 'ignored', message };
  }
  const changed = await changeJob(ports.jobs, job, (current) =>
    advance(current, { kind: 'cancel' }, contextOf(ports, current)),
  );
  ports.log.info(`job:cancel:${changed.kind}`, { jobId, tenantId, to: changed.job.state });
  return { kind: 'taken', message, job: changed.job };
}

async function tombstoneOrJob(
  ports: IntakePorts,
  jobId: string,
  tenantId: string,
): Promise<JobRecord | undefined> {
  const left = await ports.jobs.leaveTombstone(tombstoneFor(jobId, tenantId, ports.clock.nowMs()));
  return left === 'written' ? undefined : ports.jobs.get(jobId);
}

function refuse(ports: IntakePorts, message: Message, why: Problem): Outcome {
  ports.log.info('message:refuse:done', { messageId: message.id, code: why.code });
  const letter = refusedMessage(message.body, why, message.id, effectiveKey(message), ports.clock.nowMs());
  return { kind: 'refused', message, letter };
}

const log = createLog('intake');
const env = readEnv(
  'TABLE_NAME',
  'BUCKET_NAME',
  'SUBMIT_QUEUE_URL',
  'DEAD_LETTER_QUEUE_URL',
  'EVENT_BUS_NAME',
  'TENANT_DEFAULTS',
);
const items = table(dynamo(), env.TABLE_NAME, systemChance);
const queues = sqs();
const submitQueue = queue(queues, env.SUBMIT_QUEUE_URL);

export const handler = queueHandler(
  log,
  intake({
    jobs: jobStore(items),
    tenants: tenantStore(items),
    gates: gateStore(items),
    waiting: waitingStore(items),
    slots: tableSlots(items, {
      submitQueue,
      clock: systemClock,
      log,
      defaultCap: env.TENANT_DEFAULTS.cap,
    }),
    defaults: env.TENANT_DEFAULTS,
    submitQueue,
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    chance: systemChance,
    log,
    types: jobTypes,
    bucket: env.BUCKET_NAME,
  }),
);
