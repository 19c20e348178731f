/** Rules of Lambda as an executor: when a run is absent, when it is lost, and whose word ends it. */
import type { JobRecord } from '../../../domain/job/job.ts';
import type { JobType } from '../../../domain/job/job-type.ts';
import { type Expectation, reading } from './defects.ts';

const HOUR_MS = 3_600_000;

const earlier = (ms: number) => (job: JobRecord) => ({
  ...job,
  ...(job.claimBy === undefined ? {} : { claimBy: job.claimBy - ms }),
});
const later = (job: JobRecord): JobRecord =>
  job.claimBy === undefined ? job : { ...job, claimBy: job.claimBy + HOUR_MS };

export const ofFunctions: readonly Expectation[] = [
  {
    rule: 'L1',
    without: 'the time for the claim of a run',
    profile: 'lambda',
    firstSeed: 88,
    mutant: { defects: { workerApi: reading(later) } },
  },
  {
    rule: 'L1',
    without: 'the wait for the claim of a run whose call was not answered',
    profile: 'lambda',
    firstSeed: 2,
    mutant: { defects: { submit: reading(earlier(280_000)) } },
  },
  {
    rule: 'L1',
    without: 'the nonce that tells two deliveries of one event apart',
    profile: 'lambda',
    firstSeed: 4,
    mutant: {
      defects: {
        workerApi: reading((job, { container }) =>
          job.claim !== undefined && job.claim.runId === container?.runId
            ? { ...job, claim: { ...job.claim, nonce: container.nonce } }
            : job,
        ),
      },
    },
  },
  {
    rule: 'L2',
    without: 'the time that Lambda gives a run, before it is lost',
    profile: 'lambda',
    firstSeed: 6,
    mutant: {
      defects: {
        tick: reading((job) => (job.endsBy === undefined ? job : { ...job, endsBy: job.endsBy - 380_000 })),
      },
    },
  },
  {
    rule: 'L2',
    without: 'leaving a run alone whose event was too old for another delivery',
    profile: 'lambda',
    firstSeed: 72,
    off: ['functions.crashes'],
    mutant: {
      message: (step, message) =>
        step === 'workerApi'
          ? { ...message, body: message.body.replace('EventAgeExceeded', 'RetriesExhausted') }
          : message,
    },
  },
  {
    rule: 'L2',
    without: 'believing a record of a run that holds the claim alone',
    profile: 'lambda',
    firstSeed: 25,
    mutant: {
      defects: {
        workerApi: reading((job, { container }) => {
          const { claim: _, ...unclaimed } = job;
          return container === undefined && job.claimBy !== undefined
            ? { ...unclaimed, callOpen: true }
            : job;
        }),
      },
    },
  },
  {
    rule: 'L2',
    without: 'the code of the ticket in a record of a failed run',
    profile: 'lambda',
    firstSeed: 13,
    mutant: {
      workerApi: ({ keys }, { container }) => ({
        keys: {
          ...keys,
          isGenuine: async (purpose, signed) => container === undefined || keys.isGenuine(purpose, signed),
        },
      }),
    },
  },
  {
    rule: 'L3',
    without: 'AWS Batch for a job that has run out of its time on Lambda',
    profile: 'lambda',
    firstSeed: 9,
    mutant: {
      defects: {
        submit: ({ types }) => ({
          types: new Map(
            [...types].map(([id, type]): [string, JobType] => {
              const { onTimeout: _, ...kept } = type;
              return [id, kept];
            }),
          ),
        }),
      },
    },
  },
];
