/** What defects are made of. */
import type { JobRecord } from '../../../domain/job/job.ts';
import type { JobStore } from '../../../io/table/jobs.ts';
import type { FaultKind } from '../kinds.ts';
import type { Defect, Mutant, Parts } from '../lambdas.ts';
import type { ProfileName } from '../profiles.ts';

export interface Expectation {
  readonly rule: string;
  readonly without: string;
  readonly profile: ProfileName;
  /** A seed that kills it, so that the test need not look for one. `npm run sim -- --mutants` finds the first. */
  readonly firstSeed?: number;
  /** Kinds of fault that are off, because they would excuse what the rule forbids. */
  readonly off?: readonly FaultKind[];
  readonly mutant: Mutant;
}

/** The same defect in what is read one by one and in bulk. */
export function reading(view: (job: JobRecord, process: Parameters<Defect>[1]) => JobRecord): Defect {
  return ({ jobs }, process) => ({
    jobs: {
      ...jobs,
      get: async (jobId) => {
        const job = await jobs.get(jobId);
        return job && view(job, process);
      },
      load: async (jobIds) =>
        new Map([...(await jobs.load(jobIds))].map(([id, job]) => [id, view(job, process)])),
    },
  });
}

type Replace = (
  jobs: JobStore,
  seen: JobRecord,
  next: JobRecord,
  sound: Parts,
) => Promise<'written' | 'lost'>;
export const writing =
  (replace: Replace): Defect =>
  (sound) => {
    const { jobs } = sound;
    return { jobs: { ...jobs, replace: (seen, next) => replace(jobs, seen, next, sound) } };
  };

export const each = (
  steps: readonly ('intake' | 'submit' | 'track' | 'notify')[],
  defect: Defect,
): NonNullable<Mutant['defects']> => Object.fromEntries(steps.map((step) => [step, defect]));

/** A job of this kind that was run again is taken for the end of its story. */
export const forgettingRedrives =
  (isForgotten: (job: JobRecord) => boolean): Defect =>
  ({ jobs }) => ({
    jobs: {
      ...jobs,
      stored: async (jobId) => {
        const found = await jobs.stored(jobId);
        if (found.kind !== 'job' || !isForgotten(found.job)) return found;
        const { redrivenAs: _, ...job } = found.job;
        return { kind: 'job', job };
      },
    },
  });
