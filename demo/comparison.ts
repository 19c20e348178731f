/** What a tenant's jobs waited beside a noisy neighbour, compared with what the same number of its own jobs waited without one. */

/** Of one round of jobs, in milliseconds. */
export interface Waits {
  readonly median: number;
  readonly slowest: number;
}

export interface Comparison {
  readonly alone: Waits;
  readonly beside: Waits;
  /** How many times as long the median and the slowest waited. */
  readonly times: Waits;
}

/** @param waits of the jobs of one round, at least one */
export function waitsOf(waits: readonly number[]): Waits {
  const sorted = waits.toSorted((a, b) => a - b);
  return { median: middle(sorted), slowest: sorted.at(-1) ?? 0 };
}

/**
 * Like with like: a round beside is compared with the middle of rounds alone that have as many jobs. The slowest of thirty
 * would be slower than the slowest of ten for no other reason than their number.
 *
 * @throws Error when the rounds do not have equal numbers of jobs
 */
export function compare(alone: readonly (readonly number[])[], beside: readonly number[]): Comparison {
  if (alone.some(({ length }) => length !== beside.length))
    throw new Error('Rounds of different sizes cannot be compared');
  const rounds = alone.map(waitsOf);
  const usual = {
    median: middle(rounds.map(({ median }) => median).toSorted((a, b) => a - b)),
    slowest: middle(rounds.map(({ slowest }) => slowest).toSorted((a, b) => a - b)),
  };
  const now = waitsOf(beside);
  const times = { median: ratio(now.median, usual.median), slowest: ratio(now.slowest, usual.slowest) };
  return { alone: usual, beside: now, times };
}

/** @example quiet-1: median 310 ms beside, 250 ms alone (1.2 times); slowest 900 ms beside, 700 ms alone (1.3 times) */
export function comparisonText(tenantId: string, { alone, beside, times }: Comparison): string {
  const of = (name: keyof Waits) =>
    `${name} ${Math.round(beside[name])} ms beside, ${Math.round(alone[name])} ms alone (${times[name].toFixed(1)} times)`;
  return `${tenantId}: ${of('median')}; ${of('slowest')}`;
}

/** The upper of the two in the middle, so that no wait is made up. */
function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** A wait of less than a millisecond is one for this purpose. */
function ratio(now: number, usual: number): number {
  return Math.max(1, now) / Math.max(1, usual);
}
