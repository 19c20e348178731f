/** Publishing events of jobs and endpoints on the event bus. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import type { TenantEvent } from '../../domain/webhook/notification.ts';

export interface Bus {
  /**
   * Publishes all or throws. After a throw some may be published, so each listener must accept an event more than
   * once.
   */
  publish(events: readonly TenantEvent[]): Promise<void>;
}

const MAX_ENTRIES = 10;

export function bus(client: EventBridgeClient, busName: string): Bus {
  return {
    async publish(events) {
      for (let from = 0; from < events.length; from += MAX_ENTRIES) {
        const Entries = events.slice(from, from + MAX_ENTRIES).map((event) => ({
          EventBusName: busName,
          Source: 'headgate',
          DetailType: event.type,
          Detail: JSON.stringify(event),
        }));
        const { FailedEntryCount = 0, Entries: answers = [] } = await client.send(
          new PutEventsCommand({ Entries }),
        );
        // The call reports refused entries inside a success.
        const refused = answers.find((answer) => answer.ErrorCode !== undefined);
        if (FailedEntryCount > 0)
          throw new Error(`EventBridge refused ${FailedEntryCount} events: ${refused?.ErrorCode}`);
      }
    },
  };
}
