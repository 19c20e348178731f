/**
 * Woken by the front queue. Leaves one record for each job and the message for its next step; cancels jobs; turns a
 * message that cannot be a job into a dead letter at once.
 */
import { intake } from '../application/intake/intake.ts';
import { slots } from '../application/tenant/slots.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openBucket, openJobs } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const jobs = openJobs('intake');

export const handler = queueHandler(
  jobs.log,
  intake({ ...jobs, ...openBucket(), slots: slots(jobs), types: jobTypes }),
);
