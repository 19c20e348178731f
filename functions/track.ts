/**
 * Woken by Batch events. Moves each job to the state that AWS Batch reports, and dispatches it: the next attempt
 * after a failed one, the end of a cancelled job, the dead letter of a failed job.
 */
import { pacedBatch } from '../application/batch/paced-batch.ts';
import { track } from '../application/batch/track.ts';
import { slots } from '../application/tenant/slots.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openBatch, openEnds, openFollowing, openJobs } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

/** Only terminations of duplicate Batch jobs wait for the rate limit, and they are rare. */
const MAX_RATE_WAIT_MS = 5000;

const jobs = openJobs('track');
const { batch, limiter } = openBatch(jobs, MAX_RATE_WAIT_MS);

export const handler = queueHandler(
  jobs.log,
  track({
    ...jobs,
    ...openEnds(),
    ...openFollowing(),
    batch: pacedBatch(batch, limiter, jobs.clock),
    slots: slots(jobs),
    types: jobTypes,
  }),
);
