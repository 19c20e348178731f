/** Ids may be typed by their beginning, wherever they are printed. */
import { misused, notFound } from './stopped.ts';
import { typed } from './usage.ts';

/** `job_` and four characters: one of a million, and of the jobs that a person looks at the only one. */
const MIN_CHARACTERS = 8;

export const isMeant = (given: string, id: string): boolean =>
  id === given || (given.length >= MIN_CHARACTERS && id.startsWith(given));

/**
 * @param what the noun of the sentence when there is none
 * @returns the one that is meant; of two that begin alike, the one that is given in full
 * @throws Stopped when none is, or several are
 */
export function theOneMeant<T>(given: string, all: readonly T[], idOf: (item: T) => string, what: string): T {
  const found = all.filter((item) => isMeant(given, idOf(item)));
  const whole = found.find((item) => idOf(item) === given);
  const [one = undefined] = found;
  if (one === undefined) throw notFound(`There is no ${what} ${typed(given)}.`);
  if (whole !== undefined) return whole;
  const ids = [...new Set(found.map(idOf))];
  if (ids.length > 1)
    throw misused(`${typed(given)} is the beginning of ${ids.slice(0, 5).join(', ')}; give more of it.`);
  return one;
}
