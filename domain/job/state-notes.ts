/**
 * Each state of a job for the people who operate it: what it means, which process enters and leaves it, and what brings
 * the job on when that process dies. `npm run docs` writes it to docs/developing/states.md.
 */
import type { JobState } from './job.ts';

export interface StateNote {
  readonly meaning: string;
  readonly entered: string;
  readonly left: string;
  readonly ifLost: string;
}

const nothing = 'Nothing leaves a final state.';
const untilSettled =
  'The job stays due until notify has settled it, so tick dispatches its event and, if it failed, its dead letter again.';

export const stateNotes: Readonly<Record<JobState, StateNote>> = {
  scheduled: {
    meaning: 'The job waits for its `runAt` or for the end of its delay.',
    entered: 'By intake, with the record.',
    left: 'By submit, when its message arrives at `eligibleAt`; by a cancel or the deadline before that.',
    ifLost:
      'A delay within 15 minutes has its message from intake; a longer one, and a lost message, is sent by tick.',
  },
  blocked: {
    meaning: 'The job waits for others that it names in `dependsOn`.',
    entered: 'By intake, with the record.',
    left: 'By submit, when what it waits for has come, or cannot come any more; by a cancel or the deadline.',
    ifLost:
      'The process that ends a job tells those that wait for it. Tick looks 70 seconds after the record was made, then every 30 minutes, and at `dependencyTimeoutAt`.',
  },
  waiting: {
    meaning:
      'The job may go to AWS Batch, and has no slot or no reservation yet, or the platform takes none of its kind; `waitReason` says which.',
    entered:
      'By intake with the record; by submit when a delay or a backoff is over, or when the platform refuses the job.',
    left: 'By submit, in the write that opens the call; by a cancel, `ttlSeconds` or the deadline.',
    ifLost:
      'Its message returns after the visibility timeout. A wake-up that was lost is found by tick at the gate.',
  },
  submitting: {
    meaning: 'SubmitJob may have been called: `callOpen` is true until the answer is known.',
    entered: 'By submit, just before the call.',
    left: "By the answer of AWS Batch, by an event, or by the worker's claim, whichever comes first.",
    ifLost:
      'The message returns after `callDeadlineAt` and asks AWS Batch for the job by its name (decision 0001).',
  },
  submitted: {
    meaning: 'AWS Batch has the job and has found no machine for it yet.',
    entered: 'By submit with the answer of SubmitJob, or by track.',
    left: 'By track, on the next event; by the claim of a container whose events were lost.',
    ifLost: 'Events return to their queue. After 30 minutes of silence tick asks DescribeJobs.',
  },
  starting: {
    meaning: 'A machine has been found, and pulls the image.',
    entered: 'By track.',
    left: 'By track, on the next event, or by the claim.',
    ifLost: 'After 10 minutes of silence tick asks DescribeJobs.',
  },
  running: {
    meaning: 'The container is up; with our worker, `claim` names the one that may touch the input.',
    entered: 'By track, or by the worker with its claim.',
    left: 'By track, when AWS Batch reports the end. The worker commits the result before that and never ends the job.',
    ifLost:
      'A worker that dies ends its Batch job, which track hears of; after 10 minutes of silence tick asks.',
  },
  retrying: {
    meaning: 'An attempt has failed, and the backoff of the next one runs until `nextAttemptAt`.',
    entered: 'By track or tick, with the end of the attempt.',
    left: 'By submit, when the backoff is over; by a cancel or the deadline.',
    ifLost: 'Tick sends the submit message of the next attempt, and removes the slot of the one that ended.',
  },
  cancelling: {
    meaning:
      'The job is to end, by a cancel, its `ttlSeconds` or its deadline, and AWS Batch has not ended it yet.',
    entered: 'By intake, submit or tick.',
    left: 'By track, when AWS Batch reports the end, or when the absence of the Batch job is proven. The slot is kept until then.',
    ifLost: 'Tick sends the message that terminates the Batch job again, and asks DescribeJobs.',
  },
  succeeded: {
    meaning: 'The result is committed, or the image promises none and its container ended with exit code 0.',
    entered: 'By track or tick.',
    left: nothing,
    ifLost: untilSettled,
  },
  failed: {
    meaning: 'No attempt is left, or none could help; `failure` says why.',
    entered: 'By track, submit or tick.',
    left: `${nothing} A redrive makes a child with an id of its own.`,
    ifLost: untilSettled,
  },
  cancelled: {
    meaning: 'Its tenant asked for its end.',
    entered: 'By intake or submit while AWS Batch has nothing of it, else by track.',
    left: nothing,
    ifLost: untilSettled,
  },
  expired: {
    meaning: 'It found no machine within its `ttlSeconds`.',
    entered: 'By submit or tick while AWS Batch has nothing of it, else by track.',
    left: nothing,
    ifLost: untilSettled,
  },
};
