/** Why a job has not begun yet, as data and as a sentence. */
import type { GroupState } from '../group/group.ts';
import { waitsForPlatform } from '../job/due.ts';
import { isFinal, type JobRecord, type JobState, type Stuck } from '../job/job.ts';
import { decide, type Gate, type Obstacle, obstacleText } from './gate.ts';
import { stuckTextForOperator } from './stuck-text.ts';

export type Wait =
  /** It has begun, or is over. `mostFailed`: it was cancelled, since more of the items of its array had failed than that. */
  | { readonly kind: 'none'; readonly mostFailed?: number }
  | { readonly kind: 'time'; readonly untilMs: number; readonly because: 'scheduled' | 'retrying' }
  /** `left` of `all` jobs have not ended as it asks. */
  | ({ readonly kind: 'jobs' } & Others)
  /** `ahead`: how many of the tenant's jobs come before it in the list. `ofArray`: what it waits for is the limit of its array. */
  | {
      readonly kind: 'slot';
      readonly obstacle: Obstacle;
      readonly ahead: number;
      readonly ofArray?: true;
    }
  /** It may go, and its message is under way or waits for the rate limit. */
  | { readonly kind: 'turn' }
  /** AWS Batch takes no job of its kind until an operator has acted; `reason` is its text, for the operator. */
  | { readonly kind: 'platform'; readonly untilMs: number; readonly reason: string }
  /** SubmitJob was called, and its outcome is not known. */
  | { readonly kind: 'answer'; readonly untilMs: number }
  /**
   * AWS Batch has it and has not said that it began; `stuck` says why, once that was asked. It is asked at `askedAtMs`, because its
   * event may be late or lost.
   */
  | {
      readonly kind: 'capacity';
      readonly sinceMs: number;
      readonly askedAtMs?: number;
      readonly stuck?: Stuck;
    };

/** What a job that waits for others waits for. */
export interface Others {
  readonly all: number;
  readonly left: number;
  /** The first of those that are left; without a state it has not come. */
  readonly first: {
    readonly name: string;
    readonly state: JobState | GroupState | undefined;
    /** Of an array that is being made; no number of items until the lines of its object were counted. */
    readonly making?: { readonly made: number; readonly items: number | undefined };
  };
  readonly untilMs: number;
}

export interface Surroundings {
  readonly gate: Gate | undefined;
  /** The default of the stage; 0 is none. */
  readonly defaultCap: number;
  readonly ahead: number;
  /** Of a job in `blocked`; absent when all have come by now. */
  readonly others?: Others | undefined;
  /** The array of a cancelled job, if it was stopped before that job was. */
  readonly stopped?: { readonly mostFailed: number } | undefined;
}

export function whyWaiting(job: JobRecord, { gate, defaultCap, ahead, others, stopped }: Surroundings): Wait {
  if (isFinal(job.state)) return { kind: 'none', ...stopped };
  switch (job.state) {
    case 'blocked':
      return others === undefined ? { kind: 'turn' } : { kind: 'jobs', ...others };
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
    case 'starting':
      return job.state === 'starting' && job.stuck === undefined
        ? { kind: 'none' }
        : {
            kind: 'capacity',
            sinceMs: job.stuck?.since ?? job.stateAt,
            ...(job.dueAt !== undefined && { askedAtMs: job.dueAt }),
            ...(job.stuck && { stuck: job.stuck }),
          };
    default:
      return { kind: 'none' };
  }
}

/** One sentence. @example tenant cap 3 of 3; second in line */
export function waitText(wait: Wait): string {
  switch (wait.kind) {
    case 'none':
      return wait.mostFailed === undefined
        ? 'it does not wait'
        : `its array was stopped, since more than ${wait.mostFailed} of its items have failed`;
    case 'time':
      return `${wait.because === 'scheduled' ? 'not to run' : 'its next attempt is not to begin'} before ${iso(wait.untilMs)}`;
    case 'jobs':
      return othersText(wait);
    case 'slot':
      return `${slotText(wait)}; ${ordinal(wait.ahead + 1)} in line`;
    case 'turn':
      return 'only its turn in the rate limit of AWS Batch calls';
    case 'platform':
      return `AWS Batch refused it for a cause that an operator must remove, and is called again after ${iso(wait.untilMs)}: ${wait.reason}`;
    case 'answer':
      return `AWS Batch has not answered; it is asked again by name after ${iso(wait.untilMs)}`;
    case 'capacity':
      return wait.stuck === undefined
        ? `AWS Batch has had the job since ${iso(wait.sinceMs)} and has not said that it began: it has no capacity yet, or its event is late${askedText(wait.askedAtMs)}`
        : `AWS Batch has had the job since ${iso(wait.sinceMs)} and does not start it (${wait.stuck.reason}): ${stuckTextForOperator(wait.stuck)}`;
  }
}

function slotText({ obstacle, ofArray }: Extract<Wait, { readonly kind: 'slot' }>): string {
  return ofArray === true && obstacle.kind === 'key_cap'
    ? `${obstacle.inUse} jobs of its array run, of ${obstacle.cap} at once`
    : obstacleText(obstacle);
}

const askedText = (atMs: number | undefined) =>
  atMs === undefined ? '' : `; it is asked after ${iso(atMs)}`;

function othersText({ all, left, first, untilMs }: Others): string {
  const until = `; it fails after ${iso(untilMs)}`;
  if (all === 1) return `${first.name}, on which it depends, ${standing(first)}${until}`;
  return `${left} of ${all} jobs on which it depends have not ended as it asks; the first is ${first.name}, which ${standing(first)}${until}`;
}

function standing({ state, making }: Others['first']): string {
  if (making !== undefined)
    return making.items === undefined
      ? 'is an array whose lines were not counted yet'
      : `is an array of which ${making.made} of ${making.items} jobs are made`;
  if (state === undefined) return 'has not come yet';
  return state === 'failed' ? 'has failed, and is to be redriven or discarded' : `is ${state}`;
}

const iso = (ms: number) => new Date(ms).toISOString();

const WORDS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth'];

function ordinal(n: number): string {
  const word = WORDS[n - 1];
  if (word !== undefined) return word;
  const suffix = new Intl.PluralRules('en', { type: 'ordinal' }).select(n);
  return `${n}${{ one: 'st', two: 'nd', few: 'rd', zero: 'th', many: 'th', other: 'th' }[suffix]}`;
}
