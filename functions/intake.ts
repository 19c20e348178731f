/**
 * Woken by the front queue. Leaves one record for each job, and a submit message for each record that waits; a message
 * that cannot be a job goes to the dead-letter queue at once, with the reason.
 */
import { admit, newJob } from '../domain/admission.ts';
import { type DeadLetter, refusedMessage } from '../domain/dead-letter.ts';
import { type Problem, problem } from '../domain/errors.ts';
import type { JobRecord } from '../domain/job.ts';
import type { JobTypes } from '../domain/job-type.ts';
import { isOwed, lifecycleEvent } from '../domain/notification.ts';
import { parseRequest } from '../domain/request.ts';
import { submitMessage } from '../domain/submission.ts';
import type { Tenant } from '../domain/tenant.ts';
import { type Bus, bus } from '../io/bus.ts';
import { dynamo, eventBridge, sqs } from '../io/clients.ts';
import { type Clock, systemChance, systemClock } from '../io/clock.ts';
import { readEnv } from '../io/env.ts';
import { fingerprintOf, jobIdOf } from '../io/identity.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type Message, type MessageBatch, queueHandler } from '../io/lambda.ts';
import { createLog, type Log } from '../io/log.ts';
import { type Queue, queue } from '../io/queues.ts';
import { type TenantStore, tenantStore } from '../io/tenants.ts';
import { jobTypes } from '../job-types.ts';

export interface IntakePorts {
  readonly jobs: Pick<JobStore, 'create'>;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly submitQueue: Queue;
  readonly deadLetters: Queue;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly types: JobTypes;
  readonly bucket: string;
}

type Outcome =
  | { readonly kind: 'refused'; readonly message: Message; readonly letter: DeadLetter }
  | { readonly kind: 'recorded'; readonly message: Message; readonly job: JobRecord };

export function intake(ports: IntakePorts): MessageBatch {
  return async (messages) => {
    const read = messages.map((message) => ({ message, parsed: parseRequest(message.body) }));
    const tenantIds = read.flatMap(({ parsed }) =>
      parsed.kind === 'parsed' ? [parsed.request.tenantId] : [],
    );
    const tenants = await ports.tenants.load(tenantIds);
    const outcomes = await eachAlone(read, ports.log, (item) => take(ports, item, tenants));

    const refused = outcomes.filter((outcome) => outcome.kind === 'refused');
    await ports.deadLetters.send(refused.map(({ letter }) => letter));
    const recorded = outcomes.filter((outcome) => outcome.kind === 'recorded');
    await passOn(
      ports,
      recorded.map(({ job }) => job),
    );
    return new Set(outcomes.map(({ message }) => message.id));
  };
}

type Read = { readonly message: Message; readonly parsed: ReturnType<typeof parseRequest> };

async function take(
  ports: IntakePorts,
  { message, parsed }: Read,
  tenants: ReadonlyMap<string, Tenant>,
): Promise<Outcome> {
  if (parsed.kind === 'refused') return refuse(ports, message, parsed.problem);
  const { request } = parsed;
  const admission = admit(request, tenants.get(request.tenantId), ports.types, ports.bucket);
  if (admission.kind === 'refused') return refuse(ports, message, admission.problem);

  const idempotencyKey = request.idempotencyKey ?? effectiveKey(message);
  const identity = {
    jobId: jobIdOf(request.tenantId, idempotencyKey),
    idempotencyKey,
    fingerprint: fingerprintOf(request),
  };
  const job = newJob(request, identity, ports.clock.nowMs());
  const recorded = await ports.jobs.create(job);
  if (recorded.kind === 'exists' && recorded.job.fingerprint !== job.fingerprint) {
    const conflict = `The key belongs to ${job.jobId}, which was asked for with another body.`;
    return refuse(ports, message, problem('idempotency_conflict', '/idempotencyKey', conflict));
  }
  const stored = recorded.kind === 'exists' ? recorded.job : job;
  ports.log.info(`job:record:${recorded.kind}`, {
    jobId: job.jobId,
    tenantId: job.tenantId,
    messageId: message.id,
  });
  return { kind: 'recorded', message, job: stored };
}

/** Given by a dead letter that came back; else the message's own id, which redelivery keeps. */
function effectiveKey(message: Message): string {
  return message.attributes['effectiveKey'] ?? message.id;
}

function refuse(ports: IntakePorts, message: Message, why: Problem): Outcome {
  ports.log.info('message:refuse:done', { messageId: message.id, code: why.code });
  const letter = refusedMessage(message.body, why, message.id, effectiveKey(message), ports.clock.nowMs());
  return { kind: 'refused', message, letter };
}

/**
 * Driven by what the record says, not by who made it: a repeated message whose first handler died before this point
 * still gets its job submitted. Submitting twice is harmless, the submit step sees the record.
 */
async function passOn(ports: IntakePorts, jobs: readonly JobRecord[]): Promise<void> {
  const fresh = jobs.filter(({ version }) => version === 1);
  await ports.submitQueue.send(fresh.map(submitMessage));
  await ports.bus.publish([...fresh, ...jobs.filter(isOwed)].map(lifecycleEvent));
}

const log = createLog('intake');
const env = readEnv(
  'TABLE_NAME',
  'BUCKET_NAME',
  'SUBMIT_QUEUE_URL',
  'DEAD_LETTER_QUEUE_URL',
  'EVENT_BUS_NAME',
);
const db = dynamo();
const queues = sqs();

export const handler = queueHandler(
  log,
  intake({
    jobs: jobStore(db, env.TABLE_NAME, systemChance),
    tenants: tenantStore(db, env.TABLE_NAME),
    submitQueue: queue(queues, env.SUBMIT_QUEUE_URL),
    deadLetters: queue(queues, env.DEAD_LETTER_QUEUE_URL),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    clock: systemClock,
    log,
    types: jobTypes,
    bucket: env.BUCKET_NAME,
  }),
);
