/** Rules of the function that containers call: who is believed, and what is signed. */
import type { RunFacts } from '../../../domain/job/claim.ts';
import { isFinal, type JobRecord } from '../../../domain/job/job.ts';
import type { Mutant } from '../lambdas.ts';
import type { Process } from '../world.ts';
import { type Expectation, reading } from './defects.ts';

export const ofWorkerApi: readonly Expectation[] = [
  {
    rule: 'W1',
    without: 'the nonce of a claim',
    profile: 'race',
    firstSeed: 12,
    mutant: {
      defects: {
        workerApi: reading((job, { container }) =>
          job.claim !== undefined && container !== undefined
            ? { ...job, claim: { ...job.claim, nonce: container.nonce } }
            : job,
        ),
      },
    },
  },
  {
    rule: 'W1',
    without: 'asking AWS Batch about a Batch job that the record does not know',
    profile: 'race',
    firstSeed: 2,
    mutant: {
      workerApi: ({ askRun }) => ({
        askRun: async (job, me) => {
          const facts = await askRun(job, me);
          return facts.kind === 'unknown' ? asSaid(me) : facts;
        },
      }),
    },
  },
  {
    rule: 'W1',
    without: 'asking AWS Batch about a try that the record does not know',
    profile: 'race',
    firstSeed: 2,
    mutant: { workerApi: () => ({ askRun: async (_, me) => asSaid(me) }) },
  },
  {
    rule: 'W1',
    without: 'the code of a ticket',
    profile: 'race',
    firstSeed: 2,
    mutant: {
      workerApi: ({ keys }) => ({
        keys: {
          ...keys,
          isGenuine: async (purpose, signed) => purpose === 'ticket' || keys.isGenuine(purpose, signed),
        },
      }),
    },
  },
  {
    rule: 'W4',
    without: 'the code of a task token',
    profile: 'race',
    firstSeed: 7,
    mutant: {
      workerApi: ({ keys }) => ({
        keys: {
          ...keys,
          isGenuine: async (purpose, signed) => purpose === 'task' || keys.isGenuine(purpose, signed),
        },
      }),
    },
  },
  {
    rule: 'W4',
    without: 'the claim of the record in the calls after it',
    profile: 'race',
    firstSeed: 1,
    mutant: { workerApi: afterTheClaim((job, me) => ({ ...job, attempt: me.attempt, claim: me })) },
  },
  {
    rule: 'W4',
    without: 'the end of a job in the calls of its container',
    profile: 'chaos',
    firstSeed: 94,
    mutant: {
      workerApi: afterTheClaim((job) => (isFinal(job.state) ? { ...job, state: 'running' } : job)),
    },
  },
  {
    rule: 'W1',
    without: 'the containers that the record refuses',
    profile: 'dup',
    firstSeed: 76,
    mutant: { defects: { workerApi: reading(({ refused: _, ...job }) => job) } },
  },
  {
    rule: 'W5',
    without: 'writing an object once',
    profile: 'race',
    firstSeed: 34,
    mutant: { overwritesObjects: true },
  },
  {
    rule: 'W5',
    without: 'keeping the first result',
    profile: 'race',
    firstSeed: 34,
    mutant: { defects: { workerApi: reading(({ result: _, ...job }) => job) } },
  },
  {
    rule: 'W5',
    without: 'comparing the objects that a result names',
    profile: 'chaos',
    firstSeed: 58,
    mutant: { workerApi: ({ objects }) => ({ objects: { ...objects, has: async () => true } }) },
  },
];

/** A record as the calls with a task token see it, and the claim does not. */
function afterTheClaim(
  view: (job: JobRecord, me: NonNullable<Process['container']>) => JobRecord,
): NonNullable<Mutant['workerApi']> {
  return ({ keys, jobs }, { container }) => {
    let isAfter = false;
    return {
      keys: {
        ...keys,
        isGenuine: (purpose, signed) => {
          isAfter ||= purpose === 'task';
          return keys.isGenuine(purpose, signed);
        },
      },
      jobs: {
        ...jobs,
        get: async (jobId) => {
          const job = await jobs.get(jobId);
          return job && container && isAfter ? view(job, container) : job;
        },
      },
    };
  };
}

/** A container's own word. */
const asSaid = (me: { readonly try: number }): RunFacts => ({ kind: 'known', tries: me.try - 1 });
