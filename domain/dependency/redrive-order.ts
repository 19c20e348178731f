/** In which order jobs are redriven that wait for each other: a job that comes before one it waits for would fail by it again. */

/** A job that is to be redriven, with the jobs that it waits for. */
export interface Redrivable {
  readonly jobId: string;
  readonly awaits: readonly string[];
}

/**
 * In rounds: each job comes in a round behind all of these jobs that it waits for. Those that wait for each other come last, all
 * in one round, since no order would help them.
 */
export function redriveRounds<J extends Redrivable>(jobs: readonly J[]): J[][] {
  const rounds: J[][] = [];
  let left = jobs;
  while (left.length > 0) {
    const ahead = new Set(left.map(({ jobId }) => jobId));
    const free = left.filter(({ awaits }) => !awaits.some((id) => ahead.has(id)));
    const round = free.length === 0 ? left : free;
    rounds.push([...round]);
    left = free.length === 0 ? [] : left.filter((job) => !free.includes(job));
  }
  return rounds;
}
