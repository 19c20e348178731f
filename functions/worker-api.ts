/** Invoked by containers. All that a container knows of its job and does to it goes through here. */
import { askingBatch } from '../application/worker/run-facts.ts';
import { workerApi } from '../application/worker/worker-api.ts';
import { callHandler } from '../io/aws/lambda.ts';
import { openWorkerApi } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const ports = openWorkerApi('worker-api');

export const handler = callHandler(
  ports.log,
  workerApi({
    ...ports,
    askRun: askingBatch(ports.batch, ports.clock, ports.queues),
    types: jobTypes,
  }),
);
