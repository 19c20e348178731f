/**
 * Woken by the submit queue. Writes the intent, calls SubmitJob once, and records the answer.
 *
 * An unknown outcome stays unknown: the message returns when the request can no longer be under way, and then AWS
 * Batch is asked by name. The worker's claim or a Batch event may answer sooner.
 */
import { pacedBatch } from '../application/batch/paced-batch.ts';
import { submit } from '../application/batch/submit.ts';
import { operationWorker } from '../application/operation/carry-out.ts';
import { slots } from '../application/tenant/slots.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openArrayObjects, openBucket, openJobs, openMatches, openSubmission } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

/** A wait for the rate limit costs Lambda time; a longer wait is spent in the queue. */
const MAX_RATE_WAIT_MS = 2000;

const jobs = openJobs('submit');
const submission = openSubmission(jobs, MAX_RATE_WAIT_MS);

const ports = { ...jobs, ...openBucket(), types: jobTypes };

export const handler = queueHandler(
  jobs.log,
  submit({
    ...ports,
    ...submission,
    ...openArrayObjects(),
    batch: pacedBatch(submission.batch, submission.limiter, jobs.clock),
    slots: slots(jobs),
    carryOut: operationWorker({ ...ports, ...openMatches(jobs) }),
  }),
);
