/** Rules of the function that containers call: who is believed, and what is signed. */
import type { RunFacts } from '../../../domain/job/claim.ts';
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

/** A container's own word. */
const asSaid = (me: { readonly try: number }): RunFacts => ({ kind: 'known', tries: me.try - 1 });
