/** Rules of what lies beside a record: its place in the list of its tenant, and its parts. */
import { type Expectation, writing } from './defects.ts';

export const ofPlaces: readonly Expectation[] = [
  {
    rule: 'R13',
    without: 'the roster before the records of its jobs',
    profile: 'chaos',
    firstSeed: 19,
    mutant: {
      defects: {
        intake: ({ rolls }) => ({
          rolls: {
            ...rolls,
            // One job has no roster.
            put: async (roll) => {
              for (const jobId of roll.jobIds) await rolls.put({ ...roll, jobIds: [jobId] });
            },
          },
        }),
      },
    },
  },
  {
    rule: 'R13',
    without: 'leaving a roster that goes before the record',
    profile: 'chaos',
    firstSeed: 54,
    mutant: {
      defects: {
        notify: writing((jobs, seen, next) =>
          jobs.replace(seen, { ...next, ...(seen.onRoster && { onRoster: true }) }),
        ),
      },
    },
  },
  {
    rule: 'R11',
    without: 'a longer time for the parts of a record that stays longer',
    profile: 'chaos',
    firstSeed: 163,
    mutant: {
      defects: {
        notify: writing((jobs, seen, { partsUntil: _, ...next }) =>
          jobs.replace(seen, {
            ...next,
            ...(seen.partsUntil !== undefined && { partsUntil: seen.partsUntil }),
          }),
        ),
      },
    },
  },
];
