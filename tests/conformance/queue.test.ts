/** What every backend must keep of sending to a queue: all of it arrives, as it was sent, no sooner than asked. */
import { describe, expect } from '@jest/globals';
import { onEachTarget } from './targets.ts';

const KB = 1024;
const filled = (bytes: number, mark: number) => String(mark).padEnd(bytes, 'x');

onEachTarget((open, test) => {
  test('a message arrives as it was sent: text of any script, and its attributes', async () => {
    const backend = await open();
    const body = '{"note":"é „quoted" 🚚"}\n\tafter a line';
    await backend.process().queue.send([{ body, attributes: { code: 'input_rejected', pointer: '/é/🚚' } }]);
    const { arrived } = await backend.read(1);
    expect(arrived).toEqual([
      expect.objectContaining({ body, attributes: { code: 'input_rejected', pointer: '/é/🚚' } }),
    ]);
  });

  test('the tenant of a message is known to the queue, so that it can be fair', async () => {
    const backend = await open();
    await backend.process().queue.send([{ body: 'a', groupId: 'acme' }]);
    expect((await backend.read(1)).arrived[0]?.groupId).toBe('acme');
  });

  test('any number of messages is sent, and each arrives', async () => {
    const backend = await open();
    const bodies = Array.from({ length: 23 }, (_, i) => `message ${i}`);
    await backend.process().queue.send(bodies.map((body) => ({ body })));
    const { arrived } = await backend.read(23);
    expect(arrived.map(({ body }) => body).toSorted()).toEqual(bodies.toSorted());
    expect(new Set(arrived.map(({ id }) => id)).size).toBe(23);
  });

  test('sending nothing is no error', async () => {
    const backend = await open();
    await backend.process().queue.send([]);
    expect(await backend.read(0)).toEqual({ arrived: [], held: 0 });
  });

  describe('delays', () => {
    test('a message is held as long as was asked, in whole seconds and never less', async () => {
      const backend = await open();
      await backend.process().queue.send([{ body: 'later', delaySeconds: 0.4 }, { body: 'now' }]);
      const { arrived } = await backend.read(2);
      const waited = Object.fromEntries(arrived.map(({ body, waitedMs }) => [body, waitedMs]));
      expect(waited['later']).toBeGreaterThanOrEqual(900); // queues round the time of sending
      expect(Object.keys(waited).toSorted()).toEqual(['later', 'now']);
    });

    test('a wait beyond the longest that SQS takes is held that long, and no error', async () => {
      const backend = await open();
      await backend.process().queue.send([{ body: 'in a day', delaySeconds: 86_400 }]);
      expect(await backend.read(1)).toEqual({ arrived: [], held: 1 });
    });

    test('a time that has passed is no delay', async () => {
      const backend = await open();
      await backend.process().queue.send([{ body: 'late', delaySeconds: -5 }]);
      expect((await backend.read(1)).arrived.map(({ body }) => body)).toEqual(['late']);
    });
  });

  describe('sizes', () => {
    test('messages that together are larger than a call may be all arrive', async () => {
      const backend = await open();
      const bodies = [1, 2, 3, 4, 5].map((mark) => filled(400 * KB, mark));
      await backend.process().queue.send(bodies.map((body) => ({ body })));
      const { arrived } = await backend.read(5);
      expect(arrived.map(({ body }) => body[0]).toSorted()).toEqual(['1', '2', '3', '4', '5']);
    });

    test('a message of the largest size arrives', async () => {
      const backend = await open();
      await backend.process().queue.send([{ body: filled(1024 * KB, 1) }]);
      expect((await backend.read(1)).arrived[0]?.body).toHaveLength(1024 * KB);
    });

    test('one that is larger is refused, and the sender is told', async () => {
      const backend = await open();
      await expect(backend.process().queue.send([{ body: filled(1024 * KB + 1, 1) }])).rejects.toThrow();
      expect((await backend.read(0)).arrived).toEqual([]);
    });
  });
});
