/**
 * Woken by the submit queue. Leaves the intent on the record, calls SubmitJob once, and records the answer.
 *
 * An answer that never came stays unknown: the message comes back when the call can no longer be travelling, and then
 * Batch is asked by name. The worker's claim and Batch's events may settle it sooner.
 */
import { pacedBatch } from '../application/batch/paced-batch.ts';
import { submit } from '../application/batch/submit.ts';
import { slots } from '../application/tenant/slots.ts';
import { queueHandler } from '../io/aws/lambda.ts';
import { openJobs, openSubmission } from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

/** Waiting for a turn costs Lambda time; beyond this the message waits in its queue instead. */
const MAX_TURN_WAIT_MS = 2000;

const jobs = openJobs('submit');
const submission = openSubmission(jobs, MAX_TURN_WAIT_MS);

export const handler = queueHandler(
  jobs.log,
  submit({
    ...jobs,
    ...submission,
    batch: pacedBatch(submission.batch, submission.pace, jobs.clock),
    slots: slots(jobs),
    types: jobTypes,
  }),
);
