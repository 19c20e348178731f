/** Rules of what lies beside a record, its place in the list of its tenant and its parts, and of what may be left out of it. */
import type { JobRecord } from '../../../domain/job/job.ts';
import type { Defect } from '../lambdas.ts';
import { type Expectation, writing } from './defects.ts';

/** A stage that leaves the state running out, in whose track no job has a limit of its start. */
const withoutLimits: Defect = ({ jobs }) => {
  const limits = new Map<string, number>();
  const view = ({ startBy, ...job }: JobRecord): JobRecord => {
    if (startBy !== undefined) limits.set(job.jobId, startBy);
    return job;
  };
  return {
    recordsRunning: false,
    jobs: {
      ...jobs,
      get: async (jobId) => {
        const job = await jobs.get(jobId);
        return job && view(job);
      },
      load: async (jobIds) => new Map([...(await jobs.load(jobIds))].map(([id, job]) => [id, view(job)])),
      replace: (seen, next) => {
        const startBy = limits.get(seen.jobId);
        return jobs.replace(seen, { ...next, ...(startBy !== undefined && { startBy }) });
      },
    },
  };
};

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
  {
    rule: 'T6',
    without: 'the record of a start for which a job has a limit, where the state running is left out',
    profile: 'chaos',
    firstSeed: 347,
    mutant: { defects: { track: withoutLimits } },
  },
];
