/** Invoked by containers, and woken by failed runs on Lambda. All that a container knows of its job and does to it goes through here. */
import { failedRuns } from '../application/worker/failed-runs.ts';
import { askingBatch } from '../application/worker/run-facts.ts';
import { workerApi } from '../application/worker/worker-api.ts';
import { callOrQueueHandler } from '../io/aws/lambda.ts';
import { openWorkerApi } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const opened = openWorkerApi('worker-api');
const ports = {
  ...opened,
  askRun: askingBatch(opened.batch, opened.clock, opened.queues),
  types: jobTypes,
};

export const handler = callOrQueueHandler(ports.log, workerApi(ports), failedRuns(ports));
