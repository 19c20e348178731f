/** Where the screen of a group is, and how its members have ended. */
import type { Group } from '../api/schema.ts';
import { countText, plural } from '../parts/words.ts';

export const groupPath = (tenantId: string, group: string): string =>
  `/groups/${encodeURIComponent(tenantId)}/${encodeURIComponent(group)}`;

export interface GroupProgress {
  /** At least so many, while a round is under way. */
  readonly ended: number;
  readonly total: number;
}

/** @returns undefined for a group that does not know yet how many members it will have */
export function progressOf({ state, members, expect, array }: Group): GroupProgress | undefined {
  const ended = Object.values(members ?? {}).reduce((sum, count) => sum + count, 0);
  const total = array?.items ?? expect ?? (state === 'finished' ? ended : undefined);
  // A member may come after those that were expected, in another round.
  return total === undefined || total === 0 ? undefined : { ended: Math.min(ended, total), total };
}

/** A group counts its members when it takes no more, and while a round is under way it knows only the least number of them. */
export function membersText({ state, members, expect }: Group): string {
  if (members === undefined)
    return expect === undefined ? 'takes members' : `waits for ${plural(expect, 'member')}`;
  const ended = Object.entries(members).filter(([, count]) => count > 0);
  const text = ended.map(([end, count]) => `${countText(count)} ${end}`).join(', ');
  if (state === 'running') return text === '' ? 'members are under way' : `at least ${text}`;
  return text === '' ? 'no members' : text;
}

/** What an array is made of and what limits it: a sentence for each. */
export function arrayFacts({ state, array }: Group): readonly string[] {
  if (array === undefined) return [];
  const { items, itemsRef, concurrency, maxFailed } = array;
  return [
    ...(itemsRef === undefined ? [] : [`Its items are the lines of ${itemsRef}`]),
    ...(items === undefined && state !== 'finished' ? ['Its lines were not counted yet.'] : []),
    ...(concurrency === undefined
      ? []
      : [`Jobs of it that run at once: ${countText(concurrency)}, at most.`]),
    ...(maxFailed === undefined
      ? []
      : [`When more than ${plural(maxFailed, 'item')} have failed, the others are cancelled.`]),
  ];
}
