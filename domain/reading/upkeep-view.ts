/** Whether the stack keeps up: what is late, what was given up, and what no function could handle. For operators. */
import * as z from 'zod';

export interface Upkeep {
  /** For how long the oldest due item has been due; absent: nothing is due. */
  readonly lateMs?: number | undefined;
  /** Items that failed again and again. */
  readonly setAside: number;
  /** Whether there are more of them than were counted. */
  readonly hasMore: boolean;
  readonly deadLetters: readonly DeadLetterCount[];
}

export interface DeadLetterCount {
  /** @example front, or headgate-prod-front */
  readonly queue: string;
  readonly count: number;
}

export const CheckView = z.object({
  id: z.string(),
  ok: z.boolean(),
  says: z.string(),
  /** What to do about one that is not well. */
  fix: z.string().optional(),
});
export type CheckView = z.infer<typeof CheckView>;

/** One thing that is looked at, and what an operator does when it is not well: alike for `headgate doctor`, the API and the console. */
export interface UpkeepCheck<Seen> {
  readonly id: string;
  readonly fix: string;
  judge(seen: Seen): { readonly ok: boolean; readonly says: string };
}

/** Tick comes every minute, and takes up to one. */
const MAX_LATE_MS = 3 * 60_000;
const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

export const lateCheck: UpkeepCheck<Pick<Upkeep, 'lateMs'>> = {
  id: 'due.late',
  fix: 'Read the log of the function tick: it does not run, or fails. headgate reconcile does its work by hand.',
  judge({ lateMs }) {
    if (lateMs === undefined) return { ok: true, says: 'nothing is due' };
    if (lateMs <= MAX_LATE_MS)
      return { ok: true, says: `the oldest item has been due for ${seconds(lateMs)}` };
    const says = `expected nothing due for more than ${seconds(MAX_LATE_MS)}, found an item due for ${seconds(lateMs)}`;
    return { ok: false, says };
  },
};

export const setAsideCheck: UpkeepCheck<Pick<Upkeep, 'setAside' | 'hasMore'>> = {
  id: 'due.set_aside',
  fix: 'headgate reconcile --set-aside lists them; docs/operating/repair.md says what to do.',
  judge({ setAside, hasMore }) {
    if (setAside === 0) return { ok: true, says: 'no item was set aside' };
    const found = `${setAside}${hasMore ? ' or more' : ''}`;
    return { ok: false, says: `expected no item that was set aside, found ${found}` };
  },
};

/** The front queue's letters are the affair of tenants: a few of them are everyday, and so many have one cause. */
const MAX_FRONT_LETTERS = 100;
const mostOf = (queue: string): number => (/(?:^|-)front$/.test(queue) ? MAX_FRONT_LETTERS : 0);

export const lettersCheck: UpkeepCheck<Pick<Upkeep, 'deadLetters'>> = {
  id: 'queues.dead_letters',
  fix: 'headgate dlq list --group-by code names the cause of those of the front queue; docs/operating/queues.md has the others.',
  judge({ deadLetters }) {
    const full = deadLetters.filter(({ queue, count }) => count > mostOf(queue));
    if (full.length === 0)
      return { ok: true, says: deadLetters.map(({ queue, count }) => `${queue} ${count}`).join(', ') };
    const sentences = full.map(
      ({ queue, count }) => `expected at most ${mostOf(queue)} dead letters of ${queue}, found ${count}`,
    );
    return { ok: false, says: sentences.join('; ') };
  },
};

/** In the order of a job's way. */
export function checksOf(upkeep: Upkeep): CheckView[] {
  return [lateCheck, setAsideCheck, lettersCheck].map(({ id, fix, judge }) => {
    const { ok, says } = judge(upkeep);
    return ok ? { id, ok, says } : { id, ok, says, fix };
  });
}
