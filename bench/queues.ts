/**
 * The cost of a message in an embedded queue with a backlog: 100,000 are sent, then received ten at a time and
 * deleted, once for each way of grouping them. "Flat" means that the last tenth costs no more than the first.
 *
 * node bench/queues.ts [messages]
 */
import { createMessage, openFauxqs } from '../local/sqs/fauxqs.ts';

const count = Number(process.argv[2] ?? 100_000);
const TENTHS = [1, 5, 10];

const GROUPS: Readonly<Record<string, (index: number) => string | undefined>> = {
  'no group': () => undefined,
  'one group': () => 'a',
  'a hundred groups, one with nine tenths': (index) =>
    index % 10 < 9 ? 'loud' : `quiet-${(index / 10) % 99}`,
  'a group for each message': (index) => `g${index}`,
};

/** @returns microseconds for one call in the first, the fifth and the last tenth of them */
function tenths(total: number, each: (index: number) => number): string[] {
  const costs: number[] = [];
  for (let tenth = 1, done = 0; tenth <= 10; tenth += 1) {
    const fromMs = performance.now();
    const from = done;
    while (done < (total * tenth) / 10) done += each(done);
    costs.push(((performance.now() - fromMs) * 1000) / (done - from));
  }
  return TENTHS.map((tenth) => (costs[tenth - 1] ?? NaN).toFixed(1));
}

const fauxqs = await openFauxqs();
const rows = Object.entries(GROUPS).map(([name, groupOf], number) => {
  const arn = `arn:aws:sqs:us-east-1:000000000000:bench-${number}`;
  const queue = fauxqs.queues.createQueue(`bench-${number}`, `http://127.0.0.1/bench-${number}`, arn);
  const send = tenths(count, (index) => {
    queue.enqueue(createMessage('{}', {}, undefined, groupOf(index)));
    return 1;
  });
  const receive = tenths(count, () => {
    const messages = queue.dequeue(10);
    for (const { ReceiptHandle } of messages) queue.deleteMessage(ReceiptHandle);
    return messages.length;
  });
  return { name, 'send, us': send.join(' / '), 'receive and delete, us': receive.join(' / ') };
});
await fauxqs.close();

const columns = ['name', 'send, us', 'receive and delete, us'] as const;
process.stdout.write(`${count} messages; cost of one in the first / fifth / last tenth\n`);
for (const row of rows) process.stdout.write(`${columns.map((column) => row[column].padEnd(42)).join('')}\n`);
