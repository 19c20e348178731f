/** BullMQ: jobs sent in bulk, a worker with many at once, and a second queue for the webhooks, so that none is lost. */
import { deliver, input, JOBS, measured, packageOf, STORE } from './webhook.mjs';

const { Queue, Worker } = packageOf('bullmq');
const connection = { url: STORE, maxRetriesPerRequest: null };
const work = new Queue('work', { connection });
const webhooks = new Queue('webhooks', { connection });
const workers = [
  new Worker(
    'work',
    async ({ data }) => {
      await webhooks.add('webhook', { id: data.id });
      return { rows: 3 };
    },
    { connection, concurrency: 50 },
  ),
  new Worker('webhooks', ({ data }) => deliver(data.id), { connection, concurrency: 50 }),
];
await Promise.all(workers.map((worker) => worker.waitUntilReady()));
await measured(async () => {
  for (let from = 0; from < JOBS; from += 100)
    await work.addBulk(
      Array.from({ length: Math.min(100, JOBS - from) }, (_, i) => ({ name: 'job', data: input(from + i) })),
    );
});
process.exit();
