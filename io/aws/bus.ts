/** Publishing events of jobs and endpoints on the event bus. */
import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { BusEvent } from '../../domain/webhook/notification.ts';
import { sendEntries } from './entries.ts';

export interface Bus {
  /**
   * Publishes all it can; every listener must expect an event twice.
   * @throws EntriesFailed, with the events that may not have been published; any other error means all of them
   */
  publish(events: readonly BusEvent[]): Promise<void>;
}

/** @see EventBridge user guide, "Calculating PutEvents event entry size": 10 entries and 256 KiB in all */
const LIMITS = { entries: 10, bytes: 262_144, sizeOf };

export function bus(client: EventBridgeClient, busName: string): Bus {
  const entryOf = (event: BusEvent): PutEventsRequestEntry => ({
    EventBusName: busName,
    Source: 'headgate',
    DetailType: event.type,
    Detail: JSON.stringify(event),
  });
  return {
    publish: (events) =>
      sendEntries(events, LIMITS, async (group) => {
        const { Entries: answers = [] } = await client.send(
          new PutEventsCommand({ Entries: group.map(entryOf) }),
        );
        // The call reports refused entries inside a success, each in the place of its event.
        return group.flatMap((entry, i) => {
          const code = answers[i]?.ErrorCode;
          return code === undefined ? [] : [{ entry, code }];
        });
      }),
  };
}

/** The bus without the events that the stage does not publish. */
export function selective(to: Bus, isWanted: (event: BusEvent) => boolean): Bus {
  return { publish: (events) => to.publish(events.filter(isWanted)) };
}

/** With room for the source and the type. */
function sizeOf(event: BusEvent): number {
  return Buffer.byteLength(JSON.stringify(event)) + 128;
}
