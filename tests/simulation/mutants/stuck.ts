/** Rules of jobs that AWS Batch does not start. */
import { type Expectation, writing } from './defects.ts';

export const ofStuck: readonly Expectation[] = [
  {
    rule: 'B1',
    without: 'the reason on the record before the end of a job that is stuck',
    profile: 'chaos',
    firstSeed: 69,
    mutant: {
      defects: {
        tick: writing(async (jobs, seen, next) =>
          next.stuck === undefined || next.stuck === seen.stuck ? jobs.replace(seen, next) : 'written',
        ),
      },
    },
  },
  {
    rule: 'B2',
    without: 'the grace of its type before the end of a job that is stuck',
    profile: 'chaos',
    firstSeed: 32,
    mutant: {
      defects: {
        tick: ({ types }) => {
          const stuck = { afterSeconds: 0, action: 'retry' as const };
          return { types: new Map([...types].map(([id, type]) => [id, { ...type, stuck }])) };
        },
      },
    },
  },
];
