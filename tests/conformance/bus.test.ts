/**
 * What an AWS must keep of the bus: what is published reaches the queue of a rule, in EventBridge's envelope.
 *
 * The simulator's bus is part of a whole run and has no port that could be held to this.
 */
import { expect } from '@jest/globals';
import { lifecycleEvent } from '../../domain/webhook/notification.ts';
import { jobIn } from '../support/jobs.ts';
import { jobIdNo } from './names.ts';
import { onEachAws } from './targets.ts';

const events = Array.from({ length: 23 }, (_, i) =>
  lifecycleEvent(
    jobIn(i % 2 === 0 ? 'running' : 'succeeded', { jobId: jobIdNo(i), metadata: { note: 'é 🚚' } }),
  ),
);

onEachAws((open, test) => {
  test('every event arrives once, whole, under its own type', async () => {
    const backend = await open();
    await backend.bus.publish(events);
    const heard = (await backend.heard(events.length)).arrived.map(({ body }) => JSON.parse(body));
    const byJob = (a: { data: { jobId: string } }, b: { data: { jobId: string } }) =>
      a.data.jobId < b.data.jobId ? -1 : 1;
    expect(heard.map(({ detail }) => detail).toSorted(byJob)).toEqual(events.toSorted(byJob));
    for (const envelope of heard) {
      expect(envelope).toMatchObject({ source: 'headgate', 'detail-type': envelope.detail.type });
    }
  });

  test('publishing nothing is no error', async () => {
    const backend = await open();
    await backend.bus.publish([]);
    expect(await backend.heard(0)).toEqual({ arrived: [], held: 0 });
  });
});
