/** The history of a world, which shows why a promise was broken. */
import type { Line } from './faults.ts';
import type { Outcome } from './simulation.ts';

/**
 * The violations, and the lines about the job that was wronged first.
 *
 * @param outcome of a run that kept its history
 */
export function story(outcome: Outcome): string {
  const { profile, seed, violations, blamed } = outcome;
  const lines = linesOf(outcome).map(
    ({ atMs, process, text }) => `${(atMs / 1000).toFixed(3).padStart(10)} ${process.padEnd(14)} ${text}`,
  );
  return [`profile ${profile}, seed ${seed}, job ${blamed ?? 'none'}`, ...violations, ...lines].join('\n');
}

/** Those about the blamed job, and the faults of the processes that touched it. */
function linesOf({ history, blamed }: Outcome): readonly Line[] {
  const involved = new Set(history.filter(({ jobId }) => jobId === blamed).map(({ process }) => process));
  return history.filter(
    ({ jobId, process }) => jobId === blamed || (jobId === undefined && involved.has(process)),
  );
}
