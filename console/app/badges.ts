/** What the sections carry that needs an operator: nothing, while nothing does. */
import { DAY_MS, useFailures } from '../failures/queries.ts';
import { useUpkeep } from '../health/queries.ts';
import { type Badge, badgesOf } from './badge.ts';

/** Beside every screen, so seldom; the screens themselves look more often. */
const LOOK_MS = 60_000;

export function useBadges(): Readonly<Record<string, Badge>> {
  const failed = useFailures(undefined, DAY_MS, LOOK_MS).data;
  const upkeep = useUpkeep(LOOK_MS).data;
  const open = failed?.groups.reduce((sum, { count }) => sum + count, 0) ?? 0;
  const bad = upkeep?.items.filter(({ ok }) => !ok).length ?? 0;
  return badgesOf(open, failed?.goesOn === true, bad);
}
