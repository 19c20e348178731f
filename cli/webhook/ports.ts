/** What the verbs of `headgate webhook` use of a stack. */
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import { type Bus, eventQueue } from '../../io/aws/bus.ts';
import { type Sealing, sealing } from '../../io/aws/keys.ts';
import type { Queue } from '../../io/aws/queues.ts';
import { systemClock } from '../../io/process/clock.ts';
import { systemRandom } from '../../io/process/random.ts';
import { type DeliveryLog, type DeliveryStore, deliveryStore } from '../../io/table/deliveries.ts';
import { type EndpointRegister, endpointRegister } from '../../io/table/endpoints.ts';
import { theOneMeant } from '../program/short-id.ts';
import type { Context, Ending } from '../program/verb.ts';
import type { PlaceValues } from '../stack/place.ts';
import { withStack } from '../stack/stack.ts';

export interface WebhookPorts {
  readonly endpoints: EndpointRegister;
  readonly deliveries: DeliveryStore & DeliveryLog;
  readonly keys: Sealing;
  readonly bus: Bus;
  readonly deliveryQueue: () => Promise<Queue>;
  readonly clock: typeof systemClock;
  readonly random: typeof systemRandom;
  /** Of a laptop alone. */
  readonly outputs: Readonly<Record<string, string>> | undefined;
}

export function withWebhooks(
  values: PlaceValues,
  context: Context,
  use: (ports: WebhookPorts) => Promise<Ending>,
): Promise<Ending> {
  return withStack(values, context, async (stack) => {
    const items = await stack.items();
    return use({
      endpoints: endpointRegister(items),
      deliveries: deliveryStore(items),
      keys: sealing(stack.kms(), `alias/headgate-${stack.stage}-webhooks`),
      bus: { publish: async (events) => eventQueue(await stack.queue('notify')).publish(events) },
      deliveryQueue: () => stack.queue('deliver'),
      clock: systemClock,
      random: systemRandom,
      outputs: stack.outputs,
    });
  });
}

/** @param given its id, or the beginning of it */
export async function endpointOf(
  { endpoints }: Pick<WebhookPorts, 'endpoints'>,
  tenantId: string,
  given: string,
): Promise<Endpoint> {
  const known = (await endpoints.list(tenantId)).map(({ endpoint }) => endpoint);
  return theOneMeant(given, known, ({ endpointId }) => endpointId, 'endpoint');
}
