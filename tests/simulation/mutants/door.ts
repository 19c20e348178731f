/** Rules of the API: what must be true before it answers. */
import type { Defect } from '../lambdas.ts';
import type { Expectation } from './defects.ts';

const unrecorded: Defect = ({ jobs }) => ({
  jobs: { ...jobs, create: async () => ({ kind: 'created' }) },
});

/** A job that is there is taken for one that was made now. */
const forgetful: Defect = ({ jobs }) => ({
  jobs: {
    ...jobs,
    create: async (job) => {
      const created = await jobs.create(job);
      return created.kind === 'exists' ? { kind: 'created' } : created;
    },
  },
});

const silent: Defect = () => ({
  submitQueue: { send: async () => undefined },
  bus: { publish: async () => undefined },
});

const unwritten: Defect = ({ jobs }) => ({ jobs: { ...jobs, replace: async () => 'written' } });

export const ofDoor: readonly Expectation[] = [
  {
    rule: '2.12',
    without: 'the record before the answer',
    profile: 'chaos',
    firstSeed: 1,
    mutant: { defects: { door: unrecorded } },
  },
  {
    rule: '2.12',
    without: 'finding the job of the first request',
    profile: 'chaos',
    firstSeed: 6,
    mutant: { defects: { door: forgetful } },
  },
  {
    rule: '2.12',
    without: 'handing the job over to the submit step',
    profile: 'race',
    firstSeed: 1,
    mutant: { defects: { door: silent } },
  },
  {
    rule: '2.12',
    without: 'the write of a cancel before its answer',
    profile: 'chaos',
    firstSeed: 46,
    mutant: { defects: { door: unwritten } },
  },
];
