/** Why a job has not begun yet, as data and as a sentence. */
import { waitsForPlatform } from '../job/due.ts';
import { isFinal, type JobRecord } from '../job/job.ts';
import { decide, type Gate, type Obstacle, obstacleText } from './gate.ts';

export type Wait =
  /** It has begun, or is over. */
  | { readonly kind: 'none' }
  | { readonly kind: 'time'; readonly untilMs: number; readonly because: 'scheduled' | 'retrying' }
  /** `ahead`: how many of the tenant's jobs come before it in the list. */
  | { readonly kind: 'slot'; readonly obstacle: Obstacle; readonly ahead: number }
  /** It may go, and its message is under way or waits for the rate limit. */
  | { readonly kind: 'turn' }
  /** AWS Batch takes no job of its kind until an operator has acted; `reason` is its text, for the operator. */
  | { readonly kind: 'platform'; readonly untilMs: number; readonly reason: string }
  /** SubmitJob was called, and its outcome is not known. */
  | { readonly kind: 'answer'; readonly untilMs: number }
  /** AWS Batch has it and has no capacity for it. */
  | { readonly kind: 'capacity'; readonly sinceMs: number };

export interface Surroundings {
  readonly gate: Gate | undefined;
  /** The default of the stage; 0 is none. */
  readonly defaultCap: number;
  readonly ahead: number;
}

export function whyWaiting(job: JobRecord, { gate, defaultCap, ahead }: Surroundings): Wait {
  if (isFinal(job.state)) return { kind: 'none' };
  switch (job.state) {
    case 'scheduled':
      return { kind: 'time', untilMs: job.eligibleAt ?? job.stateAt, because: 'scheduled' };
    case 'retrying':
      return { kind: 'time', untilMs: job.nextAttemptAt ?? job.stateAt, because: 'retrying' };
    case 'waiting': {
      if (waitsForPlatform(job))
        return { kind: 'platform', untilMs: job.nextAttemptAt, reason: job.failure?.reason ?? '' };
      const [entry] = decide(gate, defaultCap, [job]);
      return entry?.kind === 'waits' ? { kind: 'slot', obstacle: entry.obstacle, ahead } : { kind: 'turn' };
    }
    case 'submitting':
      return job.callOpen === true && job.runId === undefined
        ? { kind: 'answer', untilMs: job.callDeadlineAt ?? job.stateAt }
        : { kind: 'turn' };
    case 'submitted':
      return { kind: 'capacity', sinceMs: job.stateAt };
    default:
      return { kind: 'none' };
  }
}

/** One sentence. @example tenant cap 3 of 3; second in line */
export function waitText(wait: Wait): string {
  switch (wait.kind) {
    case 'none':
      return 'it does not wait';
    case 'time':
      return `${wait.because === 'scheduled' ? 'not to run' : 'its next attempt is not to begin'} before ${iso(wait.untilMs)}`;
    case 'slot':
      return `${obstacleText(wait.obstacle)}; ${ordinal(wait.ahead + 1)} in line`;
    case 'turn':
      return 'only its turn in the rate limit of AWS Batch calls';
    case 'platform':
      return `AWS Batch refused it for a cause that an operator must remove, and is called again after ${iso(wait.untilMs)}: ${wait.reason}`;
    case 'answer':
      return `AWS Batch has not answered; it is asked again by name after ${iso(wait.untilMs)}`;
    case 'capacity':
      return `AWS Batch has had the job since ${iso(wait.sinceMs)} and has no capacity for it yet`;
  }
}

const iso = (ms: number) => new Date(ms).toISOString();

const WORDS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

function ordinal(n: number): string {
  const word = WORDS[n - 1];
  if (word !== undefined) return word;
  const suffix = new Intl.PluralRules('en', { type: 'ordinal' }).select(n);
  return `${n}${{ one: 'st', two: 'nd', few: 'rd', zero: 'th', many: 'th', other: 'th' }[suffix]}`;
}
