/**
 * What starts the attempts of a job: AWS Batch, or Lambda. Lambda starts in a second and is billed by the millisecond; AWS Batch can
 * be asked about what it has accepted, and Lambda cannot. So an attempt on Lambda must be claimed within a time, and a later claim
 * is refused: that makes the absence of a run a fact.
 */
import type { FailureClass, JobRecord } from '../job/job.ts';
import type { Executor, JobType } from '../job/job-type.ts';

/** Longer than Lambda keeps an event (`MaximumEventAgeInSeconds`), and the start of a cold function. */
export const CLAIM_WITHIN_MS = 300_000;
/** The clock of the function that refuses a late claim may be behind the clock of the one that takes it for absent. */
export const CLAIM_SKEW_MS = 10_000;
/** From the end of a run by Lambda itself to the moment at which no word of it is expected. */
const SILENCE_MS = 60_000;

/** The most that a function may have. @see AWS Lambda developer guide, "Configure Lambda function timeout" */
export const MAX_FUNCTION_SECONDS = 1800;
/** What a run needs beside its work: to load its code before, and to tell its end after. */
export const FUNCTION_MARGIN_SECONDS = 30;

type Timed = Partial<Pick<JobType, 'timeoutSeconds' | 'onTimeout'>>;

/** The longest attempt on Lambda. What takes longer than usual is for AWS Batch, if there is a way to it. */
export const runSeconds = ({ timeoutSeconds, onTimeout }: Timed): number => {
  const seconds = onTimeout === 'batch' ? timeoutSeconds?.default : timeoutSeconds?.max;
  return seconds ?? MAX_FUNCTION_SECONDS;
};

/** The timeout of the function of a job type: Lambda ends a run then, whatever it does. */
export const functionSeconds = (type: Timed): number =>
  Math.min(MAX_FUNCTION_SECONDS, runSeconds(type) + FUNCTION_MARGIN_SECONDS);

/** After this moment a run that was claimed now cannot be alive. */
export const runEndsBy = (type: Timed, nowMs: number): number =>
  nowMs + functionSeconds(type) * 1000 + SILENCE_MS;

/** @param ended the failure classes of the attempts before */
export function executorAfter(
  { executor = 'batch', onTimeout }: Pick<JobType, 'executor' | 'onTimeout'>,
  ended: readonly FailureClass[],
): Executor {
  return onTimeout === 'batch' && ended.includes('timeout') ? 'batch' : executor;
}

/** Whether it was too long for Lambda. */
export const hasMoved = (type: Pick<JobType, 'executor' | 'onTimeout'>, ended: readonly FailureClass[]) =>
  type.executor === 'lambda' && executorAfter(type, ended) === 'batch';

const SCHEME = 'lambda:';

/** By the id of the request, which is one for all deliveries of an event. */
export const functionRunId = (requestId: string): string => SCHEME + requestId;

export const isFunctionRun = (runId: string | undefined): boolean => runId?.startsWith(SCHEME) === true;

/** Between two attempts of which the first was on Lambda: its slot, its receipt and its event are still to be dispatched. */
export const hasEndedRun = ({ state, runId }: Pick<JobRecord, 'state' | 'runId'>): boolean =>
  state === 'retrying' && isFunctionRun(runId);
