/**
 * The cost of a message in an embedded queue with a backlog: 100,000 are sent, then received ten at a time and
 * deleted, once for each way of grouping them. Flat: the last tenth costs no more than the first.
 */
import { createMessage, openFauxqs } from '../local/sqs/fauxqs.ts';
import type { Figure } from './figure.ts';

const COUNT = 100_000;
/** Noise of a shared machine, and no growth with the backlog. */
const MAX_GROWTH = 3;

const GROUPS: Readonly<Record<string, (index: number) => string | undefined>> = {
  'no group': () => undefined,
  'one group': () => 'a',
  'a hundred groups, one with nine tenths': (index) =>
    index % 10 < 9 ? 'loud' : `quiet-${(index / 10) % 99}`,
  'a group for each message': (index) => `g${index}`,
};

export async function* queues(): AsyncGenerator<Figure> {
  const fauxqs = await openFauxqs();
  try {
    for (const [number, [name, groupOf]] of Object.entries(GROUPS).entries()) {
      const arn = `arn:aws:sqs:us-east-1:000000000000:bench-${number}`;
      const queue = fauxqs.queues.createQueue(`bench-${number}`, `http://127.0.0.1/bench-${number}`, arn);
      const send = costs((index) => {
        queue.enqueue(createMessage('{}', {}, undefined, groupOf(index)));
        return 1;
      });
      const receive = costs(() => {
        const messages = queue.dequeue(10);
        for (const { ReceiptHandle } of messages) queue.deleteMessage(ReceiptHandle);
        return messages.length;
      });
      yield figureOf(`queue send, ${name}`, send);
      yield figureOf(`queue receive, ${name}`, receive);
    }
  } finally {
    await fauxqs.close();
  }
}

const figureOf = (name: string, { first, last }: { first: number; last: number }): Figure => ({
  name,
  value: last,
  unit: 'us, last tenth',
  bar: MAX_GROWTH * first,
  peer: first,
});

/** @returns microseconds for one message in the first and the last tenth of them */
function costs(each: (index: number) => number): { first: number; last: number } {
  const tenths: number[] = [];
  for (let tenth = 1, done = 0; tenth <= 10; tenth += 1) {
    const fromMs = performance.now();
    const from = done;
    while (done < (COUNT * tenth) / 10) done += each(done);
    tenths.push(((performance.now() - fromMs) * 1000) / (done - from));
  }
  return { first: tenths[0] ?? Number.NaN, last: tenths[9] ?? Number.NaN };
}
