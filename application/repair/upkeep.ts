/** A look at whether the stack keeps up. It changes nothing. */
import type { DeadLetterCount, Upkeep } from '../../domain/reading/upkeep-view.ts';
import type { Clock } from '../../io/process/clock.ts';
import type { DueIndex } from '../../io/table/due.ts';
import { together } from '../apart.ts';

export interface DuePorts {
  readonly due: Pick<DueIndex, 'due' | 'shards'>;
  /** Of its shards those with the items that were set aside. */
  readonly setAsideShards: readonly string[];
  readonly clock: Clock;
}

export interface UpkeepPorts extends DuePorts {
  /** Of each queue, in the order of a job's way. */
  readonly countDeadLetters: () => Promise<readonly DeadLetterCount[]>;
}

export async function lookAtUpkeep(ports: UpkeepPorts): Promise<Upkeep> {
  const [lateMs, aside, deadLetters] = await together([
    oldestLateMs(ports),
    countSetAside(ports),
    ports.countDeadLetters(),
  ]);
  return { lateMs, ...aside, deadLetters };
}

/**
 * For how long the oldest due item has been due: the first page of each shard has it.
 * @returns undefined when nothing is due
 */
export async function oldestLateMs({
  due,
  clock,
}: Omit<DuePorts, 'setAsideShards'>): Promise<number | undefined> {
  const nowMs = clock.nowMs();
  const pages = await together(due.shards.map((shard) => due.due(shard, nowMs)));
  const items = pages.flatMap((page) => page.due).filter(({ isSetAside }) => !isSetAside);
  return items.length === 0 ? undefined : Math.max(0, ...items.map(({ dueAt }) => nowMs - dueAt));
}

/** Counted to the end of the first page of each shard: so many need an operator in any case. */
export async function countSetAside({
  due,
  setAsideShards,
}: Omit<DuePorts, 'clock'>): Promise<Pick<Upkeep, 'setAside' | 'hasMore'>> {
  const pages = await together(setAsideShards.map((shard) => due.due(shard, Number.MAX_SAFE_INTEGER)));
  return {
    setAside: pages.reduce((sum, page) => sum + page.due.length, 0),
    hasMore: pages.some(({ next }) => next !== undefined),
  };
}
