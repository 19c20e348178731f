/** pg-boss: jobs sent in bulk and fetched a hundred at a time, without a pause while there are more. */
import { deliver, input, JOBS, measured, packageOf, STORE } from './webhook.mjs';

const { PgBoss } = packageOf('pg-boss');
const boss = new PgBoss(STORE);
boss.on('error', (error) => process.stderr.write(`${error.message}\n`));
await boss.start();
for (const name of ['work', 'webhooks']) await boss.createQueue(name);
const options = { batchSize: 100, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
await boss.work('work', options, async (jobs) => {
  await boss.insert(
    'webhooks',
    jobs.map(({ data }) => ({ data: { id: data.id } })),
  );
  return { rows: 3 };
});
await boss.work('webhooks', options, async (jobs) => {
  await Promise.all(jobs.map(({ data }) => deliver(data.id)));
});
await measured(async () => {
  for (let from = 0; from < JOBS; from += 100)
    await boss.insert(
      'work',
      Array.from({ length: Math.min(100, JOBS - from) }, (_, i) => ({ data: input(from + i) })),
    );
});
process.exit();
