/** Events published on the event bus. `payload.ts` turns them into webhook bodies. */
import * as z from 'zod';
import { nameOfGroup } from '../dependency/dependency.ts';
import { type Finish, type Group, hasSucceeded, Tally } from '../group/group.ts';
import { tenantMessage } from '../job/failure.ts';
import { GroupId, IdempotencyKey, JobTypeId, JsonValue, TenantId } from '../job/ids.ts';
import { isFinal, type JobRecord, JobState } from '../job/job.ts';
import type { WithMetadata } from '../job/parts.ts';
import { withoutInternals } from '../redaction.ts';
import { bytesOf, MAX_WORDS_CHARACTERS, shortened } from '../size.ts';
import type { Spend } from '../tenant/budget.ts';
import type { Endpoint } from './endpoint.ts';

const LifecycleType = z.enum([
  'job.accepted',
  'job.progress',
  ...JobState.options.map((state) => `job.${state}` as const),
]);

/**
 * `job.accepted` is published when the record is made; every other event has the name of the state that was entered.
 */
export function eventType(job: JobRecord): z.infer<typeof LifecycleType> {
  return job.version === 1 ? 'job.accepted' : `job.${job.state}`;
}

/** Which events the stage publishes: the stack parameter PublishEvents. `none` is `final` without the bus. */
export const PublishedEvents = z.enum(['none', 'final', 'all']);
export type PublishedEvents = z.infer<typeof PublishedEvents>;

/** The events that an endpoint may ask for, and so those that notify is sent. */
export const WEBHOOK_EVENTS = [
  'job.accepted',
  'job.running',
  'job.progress',
  'job.retrying',
  'job.succeeded',
  'job.failed',
  'job.cancelled',
  'job.expired',
  'job.rejected',
  'group.finished',
  'tenant.budget',
  'endpoint.disabled',
  'endpoint.ping',
] as const;

/** The events that only a stage with PublishEvents=all publishes: the steps of a job before its end. */
const STEPS: ReadonlySet<string> = new Set([
  'job.accepted',
  ...JobState.options.filter((state) => !isFinal(state)).map((state) => `job.${state}`),
]);

export const needsAllEvents = (type: string): boolean => STEPS.has(type);

/**
 * The events of an endpoint that names none: those that every stage publishes. Progress is sent only to endpoints that
 * ask for it.
 */
export const DEFAULT_EVENTS = WEBHOOK_EVENTS.filter(
  (type) => type !== 'job.progress' && !needsAllEvents(type),
);

/**
 * The event detail and webhook body. It is small on purpose: ids, state, times and pointers; no input, no secrets.
 * `sequence` grows with each state that a job enters, so a receiver can ignore what comes late.
 * @see https://www.standardwebhooks.com, payload structure: type, timestamp, data
 */
export const LifecycleEvent = z.object({
  type: LifecycleType,
  timestamp: z.iso.datetime(),
  data: z.object({
    jobId: z.string(),
    tenantId: z.string(),
    jobType: z.string(),
    idempotencyKey: z.string(),
    status: JobState,
    sequence: z.int().positive(),
    attempt: z.int().positive(),
    /** For operators: it is on the bus, and in no webhook. It may change while a job runs. */
    runId: z.string().optional(),
    createdAt: z.string(),
    startedAt: z.string().optional(),
    finishedAt: z.string().optional(),
    nextAttemptAt: z.string().optional(),
    progress: JsonValue.optional(),
    result: JsonValue.optional(),
    failure: JsonValue.optional(),
    metadata: z.record(z.string(), JsonValue).optional(),
  }),
});
export type LifecycleEvent = z.infer<typeof LifecycleEvent>;

/** A message that named the tenant and could not be a job. It has no record; the dead letter has the whole message. */
export const RejectedEvent = z.object({
  type: z.literal('job.rejected'),
  timestamp: z.iso.datetime(),
  data: z.object({
    messageId: z.string(),
    tenantId: TenantId,
    jobType: JobTypeId.optional(),
    idempotencyKey: IdempotencyKey.optional(),
    sequence: z.int().positive(),
    code: z.string(),
    pointer: z.string(),
    message: z.string(),
  }),
});
export type RejectedEvent = z.infer<typeof RejectedEvent>;

/** About an endpoint: for the other endpoints of its tenant or, for a ping, for the endpoint alone. */
export const EndpointEvent = z.object({
  type: z.enum(['endpoint.disabled', 'endpoint.ping']),
  timestamp: z.iso.datetime(),
  data: z.object({
    endpointId: z.string(),
    tenantId: TenantId,
    sequence: z.int().positive(),
    /** Distinguishes one ping from the next. */
    pingId: z.string().optional(),
    reason: z.string().optional(),
  }),
});
export type EndpointEvent = z.infer<typeof EndpointEvent>;

/** The end of a round of a group. Its `sequence` is the number of the round: a redrive of a member opens another. */
export const GroupEvent = z.object({
  type: z.literal('group.finished'),
  timestamp: z.iso.datetime(),
  data: z.object({
    group: GroupId,
    tenantId: TenantId,
    sequence: z.int().positive(),
    /** `succeeded` if each member has. */
    status: z.enum(['succeeded', 'failed']),
    /** How many members have ended in which way. */
    members: Tally,
    /** Of an array: the object that says what has become of each item. */
    manifest: z.string().optional(),
    /** Of an array: why its jobs were not all made, or why the others were cancelled. */
    failure: z.object({ code: z.string(), message: z.string() }).optional(),
    createdAt: z.string(),
    finishedAt: z.string(),
  }),
});
export type GroupEvent = z.infer<typeof GroupEvent>;

/** A tenant's budget has come to a mark. Its `sequence` is that moment. */
export const BudgetEvent = z.object({
  type: z.literal('tenant.budget'),
  timestamp: z.iso.datetime(),
  data: z.object({
    tenantId: TenantId,
    sequence: z.int().positive(),
    /** In the time zone of the budget. */
    month: z.string(),
    standing: z.enum(['warned', 'used']),
    /** What follows when it is used. */
    action: z.enum(['hold', 'cancel', 'refuse']),
    /** When the next month begins. */
    until: z.iso.datetime(),
    /** For operators: they are on the bus, and in no webhook. */
    usd: z.number().optional(),
    usdPerMonth: z.number().optional(),
  }),
});
export type BudgetEvent = z.infer<typeof BudgetEvent>;

/**
 * A message that asked for a job which was there before: sent again by its service, or delivered twice by SQS. It is on the
 * bus alone: the tenant is notified of the job itself.
 */
export const DeduplicatedEvent = z.object({
  type: z.literal('job.deduplicated'),
  timestamp: z.iso.datetime(),
  data: z.object({
    /** Of the message that was sent again, as SendMessage answered it. */
    messageId: z.string(),
    jobId: z.string(),
    tenantId: z.string(),
    jobType: z.string(),
    idempotencyKey: z.string(),
    /** Of the job, when the message was handled. */
    status: JobState,
    /** The newest job of the same request, when the job has failed and was redriven. */
    redrivenAs: z.string().optional(),
    createdAt: z.string(),
    finishedAt: z.string().optional(),
  }),
});
export type DeduplicatedEvent = z.infer<typeof DeduplicatedEvent>;

export const TenantEvent = z.discriminatedUnion('type', [
  LifecycleEvent,
  RejectedEvent,
  EndpointEvent,
  GroupEvent,
  BudgetEvent,
]);
export type TenantEvent = z.infer<typeof TenantEvent>;
/** All that the bus carries. */
export type BusEvent = TenantEvent | DeduplicatedEvent;

export function isAboutJob(event: TenantEvent): event is LifecycleEvent {
  return 'jobId' in event.data;
}

/**
 * Whether the stage publishes the event. Each step of a job costs an event, a message and a turn of notify, so steps are
 * published on request alone. The end of a job always is, because notify settles the job with it; progress is, because
 * its job type asks for it.
 */
export function isPublished({ type }: Pick<BusEvent, 'type'>, published: PublishedEvents): boolean {
  return published === 'all' || !needsAllEvents(type);
}

/** Whether the event goes on the bus, for rules of the operator's own. */
export function isForBus(event: Pick<BusEvent, 'type'>, published: PublishedEvents): boolean {
  return published !== 'none' && isPublished(event, published);
}

const FOR_NOTIFY: ReadonlySet<string> = new Set(WEBHOOK_EVENTS);

/** Whether the event goes to notify, which settles an ended job. */
export function isForNotify(event: Pick<BusEvent, 'type'>, published: PublishedEvents): boolean {
  return FOR_NOTIFY.has(event.type) && isPublished(event, published);
}

/** What the event is about; with the sequence it names the event. */
export function subjectOf({ data }: BusEvent): string {
  if ('jobId' in data) return data.jobId;
  if ('group' in data) return nameOfGroup(data.group);
  if ('month' in data) return `budget ${data.tenantId} ${data.month}`;
  return 'messageId' in data ? data.messageId : `${data.endpointId} ${data.pingId ?? ''}`;
}

/** A larger inline result is only in the record: a webhook body has less than 20 kB. */
const MAX_INLINE_RESULT_BYTES = 8 * 1024;

export function lifecycleEvent(job: WithMetadata): LifecycleEvent {
  const { jobId, tenantId, jobType, idempotencyKey, attempt, metadata } = job;
  const times = { startedAt: job.startedAt, finishedAt: job.finishedAt, nextAttemptAt: job.nextAttemptAt };
  return {
    type: eventType(job),
    timestamp: iso(job.stateAt),
    data: {
      jobId,
      tenantId,
      jobType,
      idempotencyKey,
      status: job.state,
      sequence: job.stateVersion,
      attempt,
      ...(job.runId === undefined ? {} : { runId: job.runId }),
      createdAt: iso(job.createdAt),
      ...Object.fromEntries(
        Object.entries(times).flatMap(([name, ms]) => (ms === undefined ? [] : [[name, iso(ms)]])),
      ),
      ...(job.state === 'succeeded' && job.result !== undefined
        ? { result: publishedResult(job.result) }
        : {}),
      ...(hasPublishedFailure(job) ? { failure: publishedFailure(job.failure) } : {}),
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

/** The last progress of a running container. Only jobs of types that publish progress have a `progressVersion`. */
export function progressEvent(job: WithMetadata): LifecycleEvent[] {
  const { progress, progressVersion } = job;
  if (progress === undefined || progressVersion === undefined) return [];
  const { at, done, total, note } = progress;
  const { timestamp: _, data } = lifecycleEvent(job);
  return [
    {
      type: 'job.progress',
      timestamp: iso(at),
      data: {
        ...data,
        sequence: progressVersion,
        progress: {
          done,
          ...(total === undefined ? {} : { total }),
          ...(note === undefined ? {} : { note: shortened(withoutInternals(note), MAX_WORDS_CHARACTERS) }),
        },
      },
    },
  ];
}

/** @param nowMs when the message was handled */
export function deduplicatedEvent(job: JobRecord, messageId: string, nowMs: number): DeduplicatedEvent {
  const { jobId, tenantId, jobType, idempotencyKey, state: status, redrivenAs, finishedAt } = job;
  return {
    type: 'job.deduplicated',
    timestamp: iso(nowMs),
    data: {
      messageId,
      jobId,
      tenantId,
      jobType,
      idempotencyKey,
      status,
      ...(redrivenAs === undefined ? {} : { redrivenAs }),
      createdAt: iso(job.createdAt),
      ...(finishedAt === undefined ? {} : { finishedAt: iso(finishedAt) }),
    },
  };
}

export function disabledEvent({ tenantId, endpointId, disabled }: Endpoint): EndpointEvent[] {
  if (disabled === undefined) return [];
  const { reason, atMs } = disabled;
  return [
    {
      type: 'endpoint.disabled',
      timestamp: iso(atMs),
      data: { endpointId, tenantId, sequence: atMs, reason },
    },
  ];
}

export function groupFinishedEvent(group: Group, finish: Finish): GroupEvent {
  const { tenantId, groupId, createdAt, array } = group;
  return {
    type: 'group.finished',
    timestamp: iso(finish.at),
    data: {
      group: groupId,
      tenantId,
      sequence: finish.round,
      status: hasSucceeded(group, finish) ? 'succeeded' : 'failed',
      members: finish.tally,
      ...(finish.manifest === undefined ? {} : { manifest: finish.manifest }),
      ...(array?.failure === undefined ? {} : { failure: array.failure }),
      createdAt: iso(createdAt),
      finishedAt: iso(finish.at),
    },
  };
}

/** Made of what was noted, so that it is the same each time. @returns none for a budget that has come to no mark */
export function budgetEvent(tenantId: string, { month, untilMs, reached }: Spend): BudgetEvent[] {
  if (reached === undefined) return [];
  const { standing, atMs, usdMicro, usdPerMonth, action } = reached;
  const amounts = { usd: usdMicro / 1_000_000, usdPerMonth };
  return [
    {
      type: 'tenant.budget',
      timestamp: iso(atMs),
      data: { tenantId, sequence: atMs, month, standing, action, until: iso(untilMs), ...amounts },
    },
  ];
}

export function pingEvent(
  { tenantId, endpointId }: Pick<Endpoint, 'tenantId' | 'endpointId'>,
  pingId: string,
  nowMs: number,
): EndpointEvent {
  return {
    type: 'endpoint.ping',
    timestamp: iso(nowMs),
    data: { endpointId, tenantId, sequence: nowMs, pingId },
  };
}

/** Field by field: a newer version may keep more in a result than tenants are to see. */
function publishedResult(result: NonNullable<JobRecord['result']>) {
  if ('inline' in result) {
    const { inline } = result;
    return bytesOf(JSON.stringify(inline)) <= MAX_INLINE_RESULT_BYTES ? { inline } : { inRecord: true };
  }
  const { object, bytes, sha256, expiresAt } = result;
  return { object, bytes, sha256, ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) }) };
}

function hasPublishedFailure(
  job: JobRecord,
): job is JobRecord & { failure: NonNullable<JobRecord['failure']> } {
  // A cancelled job has one if it was cancelled with another.
  return job.failure !== undefined && ['failed', 'retrying', 'cancelled'].includes(job.state);
}

/** Without the log stream's name, which is for operators: tenants cannot open it. */
function publishedFailure(failure: NonNullable<JobRecord['failure']>) {
  const { class: cls, code, exitCode, root } = failure;
  return {
    class: cls,
    code,
    message: shortened(tenantMessage(failure), MAX_WORDS_CHARACTERS),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(root === undefined ? {} : { root }),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
