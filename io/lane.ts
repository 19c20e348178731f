/** What either lane of webhooks works with, made of its function's environment: `notify` tries first, `deliver` later. */
import type { AttemptPorts } from './attempt.ts';
import { bus } from './bus.ts';
import { dynamo, eventBridge, kms, sqs } from './clients.ts';
import { systemChance, systemClock } from './clock.ts';
import { deliveryStore } from './deliveries.ts';
import { endpointStore } from './endpoints.ts';
import { readEnv } from './env.ts';
import { opening } from './keys.ts';
import type { Log } from './log.ts';
import { outage } from './outage.ts';
import { type Queue, queue } from './queues.ts';
import { type Table, table } from './table.ts';
import { webhooks } from './webhooks.ts';

export interface LanePorts extends AttemptPorts {
  readonly deliveryQueue: Queue;
}

/** @throws EnvironmentIncomplete */
export function openLane(log: Log): { readonly items: Table; readonly ports: LanePorts } {
  const env = readEnv(
    'TABLE_NAME',
    'DELIVERY_QUEUE_URL',
    'EVENT_BUS_NAME',
    'WEBHOOK_KEY_ID',
    'NETWORK_PROBE_HOST',
    'WEBHOOK_ALLOWED_ORIGINS',
  );
  const items = table(dynamo(), env.TABLE_NAME, systemChance);
  const ports = {
    endpoints: endpointStore(items),
    deliveries: deliveryStore(items),
    keys: opening(kms(), env.WEBHOOK_KEY_ID),
    webhooks: webhooks({
      allowedOrigins: env.WEBHOOK_ALLOWED_ORIGINS,
      outage: outage(env.NETWORK_PROBE_HOST),
    }),
    bus: bus(eventBridge(), env.EVENT_BUS_NAME),
    deliveryQueue: queue(sqs(), env.DELIVERY_QUEUE_URL),
    clock: systemClock,
    chance: systemChance,
    log,
  };
  return { items, ports };
}
