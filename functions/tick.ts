/**
 * Woken every minute. Sends each job that is due within the next minute to its queue with the delay that is left, sends the
 * jobs of schedules, and takes jobs whose message, event or process was lost their next step.
 */
import { pacedBatch, pacedWaiting } from '../application/batch/paced-batch.ts';
import { eraser } from '../application/operation/erase.ts';
import { clearing } from '../application/repair/clearance.ts';
import { tick } from '../application/repair/tick.ts';
import { slots } from '../application/tenant/slots.ts';
import { scheduleHandler } from '../io/aws/lambda.ts';
import {
  openBatch,
  openDue,
  openEnds,
  openErasure,
  openJobs,
  openSchedules,
  openWaitingBatch,
} from '../io/open.ts';
import { jobTypes } from '../job-types.ts';

const MAX_RATE_WAIT_MS = 5000;

const jobs = openJobs('tick');
const { batch, limiter, callsPerSecond } = openBatch(jobs, MAX_RATE_WAIT_MS);
const erasure = openErasure(jobs);

export const handler = scheduleHandler(
  jobs.log,
  tick({
    ...jobs,
    ...openEnds(),
    ...openDue(jobs),
    ...openSchedules(jobs),
    batchWaiting: pacedWaiting(openWaitingBatch().batchWaiting, limiter, jobs.clock),
    batch: pacedBatch(batch, limiter, jobs.clock),
    slots: slots(jobs),
    callsPerSecond,
    types: jobTypes,
    erase: eraser({ ...jobs, ...erasure, types: jobTypes }),
    clear: clearing({ ...jobs, ...erasure }),
  }),
);
