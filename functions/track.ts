/**
 * Woken by Batch's state changes. Moves each job to what Batch reported, tells the bus, and asks for what comes next: a
 * failed attempt's successor, the end of a job that was cancelled, the dead letter of one that failed for good.
 */
import { pacedBatch } from '../application/batch/paced-batch.ts';
import { track } from '../application/batch/track.ts';
import { slots } from '../application/tenant/slots.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openBatch, openJobs, openLogPlace } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

/** Only the ends of duplicate Batch jobs wait for a turn, and they are rare. */
const MAX_TURN_WAIT_MS = 5000;

const jobs = openJobs('track');
const { batch, pace } = openBatch(jobs, MAX_TURN_WAIT_MS);

export const handler = queueHandler(
  jobs.log,
  track({
    ...jobs,
    ...openLogPlace(),
    batch: pacedBatch(batch, pace, jobs.clock),
    slots: slots(jobs),
    types: jobTypes,
  }),
);
