/**
 * Woken by the events on the bus. Leaves one delivery for each event and subscribed endpoint, after a first try where
 * one can be made at once; after a final event it settles the job.
 *
 * This is the queue of endpoints that answer quickly. The others are handed to `deliver`, so that no message waits
 * here for a receiver that hangs.
 */
import * as z from 'zod';
import { settled } from '../../domain/group/group.ts';
import { changed, isFinal, type JobRecord } from '../../domain/job/job.ts';
import { goneAfter, type RetentionDays } from '../../domain/job/retention.ts';
import { isTraced, jobTraceparent } from '../../domain/trace/context.ts';
import { type Span, spansOf } from '../../domain/trace/spans.ts';
import { type Delivery, type PostOutcome, pendingUntil } from '../../domain/webhook/delivery.ts';
import { type Endpoint, wants } from '../../domain/webhook/endpoint.ts';
import {
  isSlow,
  MAX_IN_FLIGHT,
  recordOutcome,
  SLOW_MS,
  SUSPECT_MS,
  suspected,
} from '../../domain/webhook/endpoint-health.ts';
import { type GroupEvent, subjectOf, TenantEvent } from '../../domain/webhook/notification.ts';
import { bodyOf } from '../../domain/webhook/payload.ts';
import type { MessageBatch } from '../../io/aws/lambda.ts';
import type { Limited, LimitPerKey } from '../../io/process/limit-per-key.ts';
import type { KnownEndpoint } from '../../io/table/endpoints.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { sendApart, together } from '../apart.ts';
import { changeGroup } from '../group/groups.ts';
import { changeJob } from '../job/decide-job.ts';
import { webhookIdOf } from '../job/identity.ts';
import { doneOf, eachAlone, readable } from '../messages.ts';
import type { DeliveryPorts } from './delivery-try.ts';
import { concludeTry, disable, recordTry, remember, reminderOf, send } from './delivery-try.ts';

export interface NotifyPorts extends DeliveryPorts {
  readonly retentionDays: RetentionDays;
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly groups: Pick<GroupStore, 'get' | 'replace'>;
  readonly limitPerKey: LimitPerKey;
}

/**
 * An event of ours in the envelope of EventBridge.
 * @example { "detail-type": "job.succeeded", "source": "headgate", "detail": { "type": "job.succeeded", "timestamp":
 * "…", "data": { "jobId": "job_…", "sequence": 6 } } }
 */
const NotifyMessage = z.object({ detail: TenantEvent });

export function notify(ports: NotifyPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, NotifyMessage, ports.log);
    const finals = read.flatMap(({ value }) => finalJobOf(value.detail) ?? []);
    const jobs = await ports.jobs.load(finals);
    const notifying = {
      ...ports,
      knownOf: once((id: string) => ports.endpoints.list(id)),
      limited: ports.limitPerKey(MAX_IN_FLIGHT),
    };
    const slow = new Set<string>();
    const spans: Span[] = [];
    const traced = (span: Span) => void spans.push(span);
    const handled = await eachAlone(read, ports.log, async ({ message, value: { detail } }) => {
      const job = jobs.get(finalJobOf(detail) ?? '');
      const pending = await notifyEndpoints({ ...notifying, slow, traced }, detail, job);
      // Each endpoint that receives the end has its delivery now; after this no step looks at the job again.
      if (job !== undefined) {
        await settle(ports, job);
        if (ports.traces !== undefined && isTraced(job, ports.traces.sampling)) spans.push(...spansOf(job));
      }
      if (detail.type === 'group.finished') await settleGroup(ports, detail);
      return { message, pending };
    });
    const nowMs = ports.clock.nowMs();
    const unsent = await sendApart(
      handled,
      ({ pending }) => pending.flatMap((row) => reminderOf(row, nowMs)),
      ports.deliveryQueue.send,
    );
    await ports.traces?.send(spans);
    return doneOf(handled, unsent, ports.log);
  };
}

/** Each endpoint has its delivery now, as for a job. Idempotent: a repeat finds that the round is settled. */
async function settleGroup({ groups, clock }: NotifyPorts, { data }: GroupEvent): Promise<void> {
  const group = await groups.get({ tenantId: data.tenantId, groupId: data.group });
  if (group !== undefined)
    await changeGroup(groups, group, (current) => settled(current, data.sequence, clock.nowMs()));
}

interface Notifying extends NotifyPorts {
  knownOf(tenantId: string): Promise<readonly KnownEndpoint[]>;
  readonly limited: Limited;
  /** Endpoints that proved slow within this batch. */
  readonly slow: Set<string>;
}

function finalJobOf(event: TenantEvent): string | undefined {
  return 'jobId' in event.data && isFinal(event.data.status) ? event.data.jobId : undefined;
}

/** @returns the deliveries that need a message for their next try */
async function notifyEndpoints(
  notifying: Notifying,
  event: TenantEvent,
  job: JobRecord | undefined,
): Promise<Delivery[]> {
  const traceparent = job && traceparentFor(notifying, job);
  const known = await notifying.knownOf(event.data.tenantId);
  const rows = await together(
    known
      .filter(({ endpoint }) => isFor(event, endpoint))
      .map((to) => notifyEndpoint(notifying, rowFor(event, to.endpoint, traceparent), to)),
  );
  return rows.flatMap((row) => row ?? []);
}

/** The trace of a job that is over: ours, or its sender's, where the stage sends no traces. */
function traceparentFor({ traces }: Pick<NotifyPorts, 'traces'>, job: JobRecord): string | undefined {
  if (traces === undefined) return job.traceparent;
  return isTraced(job, traces.sampling) ? jobTraceparent(job) : undefined;
}

function isFor(event: TenantEvent, endpoint: Endpoint): boolean {
  const about = 'endpointId' in event.data ? event.data.endpointId : undefined;
  if (event.type === 'endpoint.ping') return about === endpoint.endpointId;
  return about !== endpoint.endpointId && wants(endpoint, event.type);
}

async function notifyEndpoint(
  notifying: Notifying,
  delivery: Delivery,
  to: KnownEndpoint,
): Promise<Delivery | undefined> {
  const { endpoint, health } = to;
  const stored = await notifying.deliveries.get(delivery);
  // Recorded before, or by another handler of the same event. The writer of a pending delivery may have died before
  // it sent the message.
  if (stored !== undefined) return stored;
  if (endpoint.disabled !== undefined) {
    const { nextTryAt: _, dueAt: __, ...held } = delivery;
    await recordTry(notifying, undefined, { ...held, status: 'held' });
    return undefined;
  }
  const name = `${endpoint.tenantId} ${endpoint.endpointId}`;
  return notifying.limited(name, async () => {
    if (isSlow(health, notifying.clock.nowMs()) || notifying.slow.has(name))
      return recordForDeliver(notifying, delivery);
    const outcome = await sendUnderSuspicion(notifying, to, delivery);
    if (!isTooSlow(outcome)) return concludeFirst(notifying, to, delivery, outcome);
    notifying.slow.add(name);
    const row = await recordForDeliver(notifying, delivery);
    await mark(notifying, to, { succeeded: false, exhausted: false, slow: true });
    return row;
  });
}

/** While this sandbox waits for the endpoint, the mark keeps other sandboxes from waiting for it, too. */
async function sendUnderSuspicion(
  notifying: Notifying,
  to: KnownEndpoint,
  delivery: Delivery,
): Promise<PostOutcome> {
  const { tenantId, endpointId } = to.endpoint;
  const warnings: Promise<unknown>[] = [];
  const raise = () => {
    const nowMs = notifying.clock.nowMs();
    warnings.push(remember(notifying, { tenantId, endpointId }, (seen) => suspected(seen, nowMs)));
  };
  const outcome = await send(notifying, to.endpoint, delivery, {
    deadlineMs: SLOW_MS,
    suspicion: { afterMs: SUSPECT_MS, raise },
  });
  await together(warnings);
  return outcome;
}

/** It does not count as a try: it had less time than is promised. The slow queue gives it the whole time. */
function isTooSlow(outcome: PostOutcome): boolean {
  return outcome.kind === 'failed' && ['timeout', 'connect_timeout'].includes(outcome.why);
}

async function recordForDeliver(notifying: Notifying, delivery: Delivery): Promise<Delivery | undefined> {
  return (await recordTry(notifying, undefined, delivery)) === 'written' ? delivery : undefined;
}

/**
 * The delivery is written after its first try. A crash in between repeats the request with the same id and the same
 * bytes, because both are made of the event alone; so a delivery that succeeds at once costs one write.
 */
async function concludeFirst(
  notifying: Notifying,
  to: KnownEndpoint,
  delivery: Delivery,
  outcome: PostOutcome,
) {
  const concluded = concludeTry(notifying, delivery, outcome);
  const { tenantId, endpointId } = delivery;
  // Before the delivery is recorded: after that the event is done, and no step would disable the endpoint.
  if (concluded.disableEndpoint) await disable(notifying, { tenantId, endpointId }, 'gone');
  const written = await recordTry(notifying, undefined, concluded.delivery, outcome);
  if (concluded.outcome !== undefined) await mark(notifying, to, concluded.outcome);
  return written === 'written' ? concluded.delivery : undefined;
}

async function mark(
  notifying: Notifying,
  { endpoint, health }: KnownEndpoint,
  outcome: Parameters<typeof recordOutcome>[1],
) {
  const { tenantId, endpointId } = endpoint;
  const seen = health ?? { tenantId, endpointId };
  const nowMs = notifying.clock.nowMs();
  if (recordOutcome(seen, outcome, nowMs) === seen) return;
  await remember(notifying, seen, (current) => recordOutcome(current, outcome, nowMs));
}

function rowFor(event: TenantEvent, endpoint: Endpoint, traceparent: string | undefined): Delivery {
  const { tenantId, endpointId, payload } = endpoint;
  const webhookId = webhookIdOf(subjectOf(event), event.data.sequence, endpointId);
  const delivery = {
    tenantId,
    endpointId,
    at: event.timestamp,
    webhookId,
    ...('jobId' in event.data ? { jobId: event.data.jobId } : {}),
    eventType: event.type,
    body: bodyOf(event, webhookId, payload),
    ...(payload === 'standard' ? {} : { payload }),
    ...(traceparent === undefined ? {} : { traceparent }),
    status: 'pending' as const,
    tries: 0,
  };
  const atMs = Date.parse(event.timestamp);
  return pendingUntil(delivery, atMs, atMs);
}

async function settle(ports: NotifyPorts, job: JobRecord): Promise<void> {
  await changeJob(ports.jobs, job, (current) =>
    isFinal(current.state) && current.settled !== true
      ? changed(
          current,
          { settled: true, dueAt: undefined, expiresAt: goneAfter(current, ports.retentionDays) },
          ports.clock.nowMs(),
        )
      : undefined,
  );
}

/** Asks once for each key within one batch of messages. */
function once<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key) => {
    const known = asked.get(key) ?? ask(key);
    asked.set(key, known);
    return known;
  };
}
