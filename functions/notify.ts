/**
 * Woken by the lifecycle events on the bus, and by its own messages when a try is due. Leaves one delivery row for each
 * event and subscribed endpoint; for a final event it then settles the job: nothing is owed any more.
 */
import { z } from 'zod';
import { afterTry, type Delivery } from '../domain/delivery.ts';
import { type Endpoint, wants } from '../domain/endpoint.ts';
import { changed, isFinal, type JobRecord } from '../domain/job.ts';
import { LifecycleEvent } from '../domain/notification.ts';
import { changeJob } from '../io/change.ts';
import { dynamo, sqs } from '../io/clients.ts';
import { type Chance, type Clock, systemChance, systemClock } from '../io/clock.ts';
import { type DeliveryStore, deliveryStore } from '../io/deliveries.ts';
import { type EndpointStore, endpointStore } from '../io/endpoints.ts';
import { readEnv } from '../io/env.ts';
import { webhookIdOf } from '../io/identity.ts';
import { type JobStore, jobStore } from '../io/jobs.ts';
import { eachAlone, type MessageBatch, queueHandler, readable } from '../io/lambda.ts';
import { createLog, type Log } from '../io/log.ts';
import { type Outgoing, type Queue, queue } from '../io/queues.ts';
import { webhookHeaders } from '../io/signature.ts';
import { table } from '../io/table.ts';
import { type Webhooks, webhooks } from '../io/webhooks.ts';

export interface NotifyPorts {
  readonly jobs: Pick<JobStore, 'load' | 'get' | 'replace'>;
  readonly endpoints: Pick<EndpointStore, 'list' | 'disable'>;
  readonly deliveries: DeliveryStore;
  readonly webhooks: Webhooks;
  readonly notifyQueue: Queue;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** The bus's envelope around our own event, or our own reminder of a delivery. */
const NotifyMessage = z.union([
  z.object({ detail: LifecycleEvent }),
  z.strictObject({
    delivery: z.strictObject({
      jobId: z.string(),
      tenantId: z.string(),
      sequence: z.int(),
      endpointId: z.string(),
    }),
  }),
]);
type Reminder = Extract<z.infer<typeof NotifyMessage>, { delivery: unknown }>['delivery'];

export function notify(ports: NotifyPorts): MessageBatch {
  return async (messages) => {
    const read = readable(messages, NotifyMessage, ports.log);
    const ended = read.flatMap(({ value }) =>
      'detail' in value && isFinal(value.detail.data.status) ? [value.detail] : [],
    );
    const jobs = await ports.jobs.load(ended.map(({ data }) => data.jobId));
    const endpointsOf = once((tenantId: string) => ports.endpoints.list(tenantId));
    const handled = await eachAlone(read, ports.log, async ({ message, value }) => {
      if ('delivery' in value)
        return { message, reminders: await remind(ports, value.delivery, endpointsOf) };
      const reminders = await tell(ports, value.detail, endpointsOf);
      const { jobId, status } = value.detail.data;
      const job = jobs.get(jobId);
      // Every endpoint that wants the end has its row now; after this nobody asks again.
      if (job !== undefined && isFinal(status)) await settle(ports, job);
      return { message, reminders };
    });
    await ports.notifyQueue.send(handled.flatMap(({ reminders }) => reminders));
    return new Set(handled.map(({ message }) => message.id));
  };
}

type EndpointsOf = (tenantId: string) => Promise<readonly Endpoint[]>;

/** A try for each subscribed endpoint, and the row that says what came of it. */
async function tell(
  ports: NotifyPorts,
  event: LifecycleEvent,
  endpointsOf: EndpointsOf,
): Promise<Outgoing[]> {
  const { jobId, tenantId, sequence } = event.data;
  const endpoints = (await endpointsOf(tenantId)).filter((endpoint) => wants(endpoint, event.type));
  const reminders = await Promise.all(
    endpoints.map(async (endpoint) => {
      const name = { jobId, sequence, endpointId: endpoint.endpointId };
      return attempt(ports, endpoint, (await ports.deliveries.get(name)) ?? owed(event, endpoint));
    }),
  );
  return reminders.flat();
}

function owed(event: LifecycleEvent, { endpointId, tenantId }: Endpoint): Delivery {
  const { jobId, sequence } = event.data;
  const webhookId = webhookIdOf(jobId, sequence, endpointId);
  const body = JSON.stringify(event);
  return {
    webhookId,
    jobId,
    tenantId,
    endpointId,
    sequence,
    eventType: event.type,
    body,
    status: 'pending',
    tries: 0,
  };
}

async function remind(ports: NotifyPorts, reminder: Reminder, endpointsOf: EndpointsOf): Promise<Outgoing[]> {
  const delivery = await ports.deliveries.get(reminder);
  if (delivery === undefined) return [];
  const endpoint = (await endpointsOf(reminder.tenantId)).find(
    ({ endpointId }) => endpointId === reminder.endpointId,
  );
  if (endpoint !== undefined && endpoint.disabledReason === undefined)
    return attempt(ports, endpoint, delivery);
  await ports.deliveries.record(delivery, {
    ...delivery,
    status: 'abandoned',
    tries: delivery.tries + 1,
    lastAnswer: 'endpoint_gone',
  });
  return [];
}

/**
 * One try, unless the row says it is over or not yet due. A crash between the POST and the row repeats the POST with the
 * same id and bytes.
 */
async function attempt(ports: NotifyPorts, endpoint: Endpoint, delivery: Delivery): Promise<Outgoing[]> {
  const nowMs = ports.clock.nowMs();
  if (delivery.status !== 'pending') return [];
  if ((delivery.nextTryAt ?? 0) > nowMs) return [reminderOf(delivery, nowMs)];

  const headers = webhookHeaders(delivery.webhookId, nowMs, delivery.body, endpoint.secrets);
  const outcome = await ports.webhooks.post(endpoint.url, headers, delivery.body);
  const { delivery: tried, disableEndpoint } = afterTry(
    delivery,
    outcome,
    ports.clock.nowMs(),
    ports.chance.fraction(),
  );
  ports.log.info(`webhook:post:${tried.status}`, {
    jobId: delivery.jobId,
    tenantId: delivery.tenantId,
    endpointId: delivery.endpointId,
    count: tried.tries,
    why: tried.lastAnswer,
  });
  await ports.deliveries.record(delivery.tries === 0 ? undefined : delivery, tried);
  if (disableEndpoint) await ports.endpoints.disable(endpoint.tenantId, endpoint.endpointId, 'gone');
  return tried.status === 'pending' ? [reminderOf(tried, nowMs)] : [];
}

/** Waits beyond SQS's longest delay come back early, find that the row is not due, and wait again. */
function reminderOf({ jobId, tenantId, sequence, endpointId, nextTryAt }: Delivery, nowMs: number): Outgoing {
  const reminder: Reminder = { jobId, tenantId, sequence, endpointId };
  return {
    body: JSON.stringify({ delivery: reminder }),
    delaySeconds: ((nextTryAt ?? nowMs) - nowMs) / 1000,
    groupId: tenantId,
  };
}

async function settle(ports: NotifyPorts, job: JobRecord): Promise<void> {
  await changeJob(ports.jobs, job, (current) =>
    isFinal(current.state) && current.settled !== true
      ? changed(current, { settled: true, dueAt: undefined }, ports.clock.nowMs())
      : undefined,
  );
}

/** Asks once per key within one batch of messages, however many of them need the answer. */
function once<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const asked = new Map<string, Promise<T>>();
  return (key) => {
    const known = asked.get(key) ?? ask(key);
    asked.set(key, known);
    return known;
  };
}

const log = createLog('notify');
const env = readEnv('TABLE_NAME', 'NOTIFY_QUEUE_URL', 'WEBHOOK_ALLOWED_ORIGINS');
const items = table(dynamo(), env.TABLE_NAME, systemChance);

export const handler = queueHandler(
  log,
  notify({
    jobs: jobStore(items),
    endpoints: endpointStore(items),
    deliveries: deliveryStore(items),
    webhooks: webhooks(env.WEBHOOK_ALLOWED_ORIGINS),
    notifyQueue: queue(sqs(), env.NOTIFY_QUEUE_URL),
    clock: systemClock,
    chance: systemChance,
    log,
  }),
);
