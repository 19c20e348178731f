/** Publishing events of jobs and endpoints: on the event bus, and to the queue of notify. */
import {
  type EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { BusEvent } from '../../domain/webhook/notification.ts';
import { errorName } from '../process/log.ts';
import { EntriesFailed, sendEntries } from './entries.ts';
import type { Outgoing, Queue } from './queues.ts';

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

/** With room for the source and the type. */
function sizeOf(event: BusEvent): number {
  return Buffer.byteLength(JSON.stringify(event)) + 128;
}

/** Events as messages of a queue, in the shape that notify reads. SQS serves the tenants of a queue in turn. */
export function eventQueue(to: Queue): Bus {
  return {
    async publish(events) {
      const sent = new Map<Outgoing, BusEvent>(
        events.map((event) => [
          { body: JSON.stringify({ detail: event }), groupId: event.data.tenantId },
          event,
        ]),
      );
      try {
        await to.send([...sent.keys()]);
      } catch (error) {
        if (!(error instanceof EntriesFailed)) throw error;
        const failed = [...sent].flatMap(([message, event]) => (error.failed.has(message) ? [event] : []));
        throw new EntriesFailed(new Set(failed), error.message);
      }
    },
  };
}

export interface Route {
  readonly to: Bus;
  wants(event: BusEvent): boolean;
}

/**
 * Hands events to each port that wants them, one port after the other. An event that one of them did not take goes no
 * further: notify is the last, and when it has an ended job's event no step publishes that event again.
 */
export function inTurn(routes: readonly Route[]): Bus {
  return {
    async publish(events) {
      const failed = new Set<BusEvent>();
      let why = '';
      for (const { to, wants } of routes) {
        const wanted = events.filter((event) => !failed.has(event) && wants(event));
        if (wanted.length === 0) continue;
        try {
          await to.publish(wanted);
        } catch (error) {
          const refused: ReadonlySet<unknown> =
            error instanceof EntriesFailed ? error.failed : new Set<unknown>(wanted);
          for (const event of wanted) if (refused.has(event)) failed.add(event);
          why ||= errorName(error);
        }
      }
      if (failed.size > 0) throw new EntriesFailed(failed, why);
    },
  };
}
