/** The ways of an event: the bus of the operator first, then the queue of notify. */
import { expect, it } from '@jest/globals';
import { type BusEvent, lifecycleEvent } from '../../domain/webhook/notification.ts';
import { type Bus, eventQueue, inTurn } from '../../io/aws/bus.ts';
import { EntriesFailed } from '../../io/aws/entries.ts';
import type { Outgoing } from '../../io/aws/queues.ts';
import { jobIn } from '../support/jobs.ts';

const [first, second] = ['job_a', 'job_b'].map((jobId) => lifecycleEvent(jobIn('failed', { jobId })));
const events = [first, second].filter((event) => event !== undefined);

/** A port that takes all but some, or nothing. */
function port(refuses: readonly BusEvent[] | 'all'): Bus & { readonly taken: BusEvent[] } {
  const taken: BusEvent[] = [];
  return {
    taken,
    async publish(given) {
      if (refuses === 'all') throw new Error('no answer');
      taken.push(...given.filter((event) => !refuses.includes(event)));
      const failed = given.filter((event) => refuses.includes(event));
      if (failed.length > 0) throw new EntriesFailed(new Set(failed), 'InternalFailure');
    },
  };
}
const toAll = (to: Bus) => ({ to, wants: () => true });

it('an event that the bus refuses is not sent to notify, which would settle its job, and the others are', async () => {
  const [onBus, notify] = [port(events.slice(0, 1)), port([])];
  const sending = inTurn([toAll(onBus), toAll(notify)]).publish(events);
  await expect(sending).rejects.toMatchObject({ failed: new Set(events.slice(0, 1)) });
  expect(notify.taken).toEqual(events.slice(1));
});

it('while the bus does not answer, every event comes back', async () => {
  const notify = port([]);
  const sending = inTurn([toAll(port('all')), toAll(notify)]).publish(events);
  await expect(sending).rejects.toMatchObject({ failed: new Set(events) });
  expect(notify.taken).toEqual([]);
});

it('an event that notify could not be sent comes back, although the bus has it', async () => {
  const sending = inTurn([toAll(port([])), toAll(port(events.slice(1)))]).publish(events);
  await expect(sending).rejects.toMatchObject({ failed: new Set(events.slice(1)) });
});

it('a port that wants no event is not called', async () => {
  await inTurn([{ to: port('all'), wants: () => false }]).publish(events);
});

it('the queue of notify has the tenant of each event as its group, and says which events it refused', async () => {
  const sent: Outgoing[] = [];
  const queue = {
    send: async (messages: readonly Outgoing[]) => {
      sent.push(...messages);
      throw new EntriesFailed(new Set(messages.slice(0, 1)), 'Throttled');
    },
  };
  const sending = eventQueue(queue).publish(events);
  await expect(sending).rejects.toMatchObject({ failed: new Set(events.slice(0, 1)) });
  expect(sent.map(({ groupId }) => groupId)).toEqual(events.map(({ data }) => data.tenantId));
  expect(sent.map(({ body }) => JSON.parse(body))).toEqual(events.map((detail) => ({ detail })));
});
