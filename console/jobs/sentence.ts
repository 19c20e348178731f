/** The sentence above a job: what is going on with it, and what comes next. */
import type { Job, Wait } from '../api/schema.ts';
import { durationText } from '../parts/words.ts';

export interface Sentence {
  /** What is the case. */
  readonly lead: string;
  /** Why, or what follows. */
  readonly rest: string;
}

export function sentenceOf(job: Job, wait: Wait | undefined, nowMs: number): Sentence {
  const { state, attempt, failure, redrivenAs } = job;
  switch (state) {
    case 'succeeded':
      return { lead: 'Succeeded', rest: `${ranText(job)}${onAttempt(attempt)}.` };
    case 'failed':
      return {
        lead: 'Failed',
        rest: `${onAttempt(attempt)}${failure === undefined ? '.' : `: ${ended(failure.message)}`}${redrivenAs === undefined ? '' : ' It was run again.'}`,
      };
    case 'cancelled':
      return {
        lead: 'Cancelled',
        rest: job.startedAt === undefined ? ' before it began.' : ` ${ranText(job).trim()}.`,
      };
    case 'expired':
      return { lead: 'Expired', rest: ': its time was over before it ended.' };
    case 'running':
      return { lead: 'Runs', rest: runningText(job, nowMs) };
    case 'cancelling':
      return { lead: 'Is being cancelled', rest: ': its container has been told to stop.' };
    case 'retrying':
      return retryingSentence(job, nowMs);
    default:
      return { lead: leadOf(state), rest: wait === undefined ? '.' : `: ${ended(wait.text)}` };
  }
}

const LEADS: Readonly<Record<string, string>> = {
  scheduled: 'Waits for its time',
  blocked: 'Waits for other jobs',
  waiting: 'Waits',
  submitting: 'Is being given to AWS Batch',
  submitted: 'Waits in AWS Batch',
  starting: 'Starts',
};
const leadOf = (state: string): string => LEADS[state] ?? `Is ${state}`;

function retryingSentence({ attempt, failure, attempts, nextAttemptAt }: Job, nowMs: number): Sentence {
  const last = attempts.at(-1)?.failure ?? failure;
  const inMs = nextAttemptAt === undefined ? 0 : Date.parse(nextAttemptAt) - nowMs;
  const when = inMs <= 0 ? 'which is due' : `in ${durationText(inMs)}`;
  const why = last === undefined ? '' : ` The one before ended: ${ended(last.message)}`;
  return { lead: `Waits for attempt ${attempt + 1}`, rest: `, ${when}.${why}` };
}

function runningText({ startedAt, attempt, progress }: Job, nowMs: number): string {
  const since = startedAt === undefined ? '' : ` for ${durationText(nowMs - Date.parse(startedAt))}`;
  if (progress === undefined) return `${since}${onAttempt(attempt)}; it has not told how far it is.`;
  const of = progress.total === undefined ? '' : ` of ${progress.total}`;
  const note = progress.note === undefined ? '' : `: ${ended(progress.note)}`;
  return `${since}${onAttempt(attempt)}, ${progress.done}${of} done${note === '' ? '.' : note}`;
}

function ranText({ startedAt, finishedAt }: Job): string {
  if (startedAt === undefined || finishedAt === undefined) return '';
  return ` after ${durationText(Date.parse(finishedAt) - Date.parse(startedAt))}`;
}

const onAttempt = (attempt: number): string => (attempt === 1 ? '' : ` on attempt ${attempt}`);
const ended = (text: string): string => (/[.!?…]$/.test(text) ? text : `${text}.`);
