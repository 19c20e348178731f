/** Rules of jobs that wait for others: what is watched, who tells whom, and what is believed. */
import { type Subject, subjectOf } from '../../../domain/dependency/dependant.ts';
import type { Found } from '../../../domain/dependency/verdict.ts';
import { isFinal, type JobRecord } from '../../../domain/job/job.ts';
import type { DependantStore } from '../../../io/table/dependency/dependants.ts';
import type { Defect } from '../lambdas.ts';
import { type Expectation, forgettingRedrives, reading } from './defects.ts';

const silent: Defect = ({ dependants }) => ({ dependants: { ...dependants, having: async () => [] } });

/** The job that a subject comes with; a group, or a job that is not there yet, has none. */
const jobOf = (subject: Subject & { readonly job?: JobRecord }): Partial<JobRecord> => subject.job ?? {};

/** None that waits is told of a change of these jobs. */
const silentAbout =
  (isLeftOut: (job: Partial<JobRecord>) => boolean): Defect =>
  ({ dependants }) => ({
    dependants: {
      ...dependants,
      having: (subjects) => dependants.having(subjects.filter((subject) => !isLeftOut(jobOf(subject)))),
    },
  });

/** The look after the watch answers what the look before it did. */
const believing: Defect = ({ jobs, dependants }) => {
  const seen = new Map<string, Promise<Found>>();
  const watched = new Set<string>();
  return {
    jobs: {
      ...jobs,
      stored: (jobId) => {
        const before = watched.has(jobId) ? seen.get(jobId) : undefined;
        const now = before ?? jobs.stored(jobId);
        seen.set(jobId, now);
        return now;
      },
    },
    dependants: {
      ...dependants,
      watch: (jobId, dependant) => {
        watched.add(jobId);
        return dependants.watch(jobId, dependant);
      },
    },
  };
};

/** Those that wait are read before the end is written. */
const tooEarly: Defect = ({ jobs, dependants, clock }) => {
  const early = new Map<string, Awaited<ReturnType<DependantStore['page']>>>();
  return {
    jobs: {
      ...jobs,
      replace: async (seen, next) => {
        if (isFinal(next.state) && !isFinal(seen.state)) {
          const marked = await dependants.having([subjectOf(next)]);
          early.set(
            next.jobId,
            marked.length === 0 ? { dependants: [] } : await dependants.page(subjectOf(next), 1000),
          );
          // A slow process: the rule is about the order alone.
          await clock.waitUntil(clock.nowMs() + 20_000);
        }
        return jobs.replace(seen, next);
      },
    },
    dependants: {
      ...dependants,
      having: async (subjects) => subjects,
      page: async (subject: Subject, limit: number, after?: string) =>
        early.get(subject.name) ?? dependants.page(subject, limit, after),
    },
  };
};

export const ofDependencies: readonly Expectation[] = [
  {
    rule: 'D1',
    without: 'the watch of one that has not ended',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: ({ dependants }) => ({ dependants: { ...dependants, watch: async () => undefined } }),
      },
    },
  },
  {
    rule: 'D1',
    without: 'the look after the watch',
    profile: 'race',
    firstSeed: 2346,
    mutant: { defects: { submit: believing } },
  },
  {
    rule: 'D1',
    without: 'leaving a watch that is there, when a link is put',
    profile: 'race',
    firstSeed: 661,
    mutant: { overwritesDependants: true },
  },
  {
    rule: 'D1',
    without: 'the message to those that watch a job which has ended',
    profile: 'race',
    firstSeed: 3,
    mutant: { defects: { track: silent } },
  },
  {
    rule: 'D1',
    without: 'reading those that wait after the end is written',
    profile: 'race',
    firstSeed: 95,
    mutant: { defects: { track: tooEarly } },
  },
  {
    rule: 'D1',
    without: 'reconcile for jobs that wait for others',
    profile: 'chaos',
    firstSeed: 3,
    mutant: {
      defects: {
        tick: ({ submitQueue }) => ({
          submitQueue: {
            send: (messages) =>
              submitQueue.send(messages.filter(({ delaySeconds }) => delaySeconds !== undefined)),
          },
        }),
      },
    },
  },
  {
    rule: 'D2',
    without: 'waiting for more than the time that a job names',
    profile: 'race',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: reading((job) => (job.state === 'blocked' ? { ...job, state: 'waiting' } : job)),
      },
    },
  },
  {
    rule: 'D2',
    without: 'looking at all that a job waits for',
    profile: 'race',
    firstSeed: 19,
    mutant: {
      defects: {
        submit: ({ jobs }) => ({
          jobs: {
            ...jobs,
            whole: async (job) => {
              const whole = await jobs.whole(job);
              return job.state === 'blocked' && whole.dependsOn !== undefined
                ? { ...whole, dependsOn: whole.dependsOn.slice(0, 1) }
                : whole;
            },
          },
        }),
      },
    },
  },
  {
    rule: 'D3',
    without: 'telling of a redrive',
    profile: 'race',
    firstSeed: 66,
    mutant: { defects: { intake: silentAbout(({ redrivenAs }) => redrivenAs !== undefined) } },
  },
  {
    rule: 'D3',
    without: 'telling of a discard',
    profile: 'race',
    firstSeed: 610,
    mutant: { defects: { owner: silent } },
  },
  {
    rule: 'D3',
    without: 'telling of a cancel that came before its job',
    profile: 'race',
    firstSeed: 694,
    mutant: { defects: { intake: silentAbout((job) => job.state === undefined) } },
  },
  {
    rule: 'D3',
    without: 'telling of a cancel',
    profile: 'race',
    firstSeed: 52,
    mutant: { defects: { intake: silentAbout((job) => job.state === 'cancelled') } },
  },
  {
    rule: 'D3',
    without: 'following a redrive',
    profile: 'race',
    firstSeed: 55,
    mutant: { defects: { submit: forgettingRedrives(() => true) } },
  },
  {
    rule: 'D4',
    without: 'the look for a circle',
    profile: 'race',
    firstSeed: 161,
    mutant: {
      defects: {
        submit: ({ jobs }) => {
          const own = new Set<string>();
          return {
            jobs: {
              ...jobs,
              load: async (ids) => {
                for (const id of ids) own.add(id);
                return jobs.load(ids);
              },
              whole: async (job) => {
                const whole = await jobs.whole(job);
                if (job.state !== 'blocked' || own.has(job.jobId)) return whole;
                const { dependsOn: _, ...rest } = whole;
                return rest;
              },
            },
          };
        },
      },
    },
  },
  {
    rule: 'D5',
    without: 'the end of a wait',
    profile: 'chaos',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: reading((job) =>
          job.dependencyTimeoutAt === undefined
            ? job
            : { ...job, dependencyTimeoutAt: Number.MAX_SAFE_INTEGER },
        ),
      },
    },
  },
  {
    rule: 'I13',
    without: "taking another tenant's job for one that never comes",
    profile: 'chaos',
    firstSeed: 3,
    mutant: {
      defects: {
        submit: ({ jobs }) => {
          let tenantId = '';
          return {
            jobs: {
              ...jobs,
              whole: async (job) => {
                tenantId = job.tenantId;
                return jobs.whole(job);
              },
              stored: async (jobId) => {
                const found = await jobs.stored(jobId);
                return found.kind === 'job' ? { kind: 'job', job: { ...found.job, tenantId } } : found;
              },
            },
          };
        },
      },
    },
  },
];
