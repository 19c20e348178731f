/** graphile-worker: jobs added in bulk, fetched two hundred at a time, with a state of each in a table of the application. */
import { deliver, input, JOBS, measured, packageOf, STORE } from './webhook.mjs';

const { makeWorkerUtils, run } = packageOf('graphile-worker');
const { Pool } = packageOf('pg');
const pool = new Pool({ connectionString: STORE, max: 12 });
await pool.query('CREATE TABLE IF NOT EXISTS job (id text PRIMARY KEY, state text, result jsonb)');
const quiet = () => () => undefined;
const { Logger } = packageOf('graphile-worker');
const logger = new Logger(quiet);
const utils = await makeWorkerUtils({ pgPool: pool, logger });
await utils.migrate();
await run({
  pgPool: pool,
  logger,
  noHandleSignals: true,
  preset: { worker: { concurrentJobs: 50, localQueue: { size: 200 }, completeJobBatchDelay: 0 } },
  taskList: {
    // graphile-worker forgets a job that has ended, so its state is the application's.
    async job({ id }, { addJob }) {
      await pool.query("INSERT INTO job VALUES ($1, 'succeeded', '{\"rows\":3}')", [id]);
      await addJob('webhook', { id });
    },
    webhook: ({ id }) => deliver(id),
  },
});
await measured(async () => {
  for (let from = 0; from < JOBS; from += 100)
    await utils.addJobs(
      Array.from({ length: Math.min(100, JOBS - from) }, (_, i) => ({
        identifier: 'job',
        payload: input(from + i),
      })),
    );
});
process.exit();
