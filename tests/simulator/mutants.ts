/** Rules of the protocol taken out one at a time. A check that lets one of these pass has proved nothing. */
import { changed, isFinal, type JobRecord } from '../../domain/job.ts';
import type { JobStore } from '../../io/jobs.ts';
import type { AllPorts, Defect, Mutant } from './lambdas.ts';
import type { ProfileName } from './profiles.ts';

export interface Expectation {
  readonly rule: string;
  readonly without: string;
  readonly profile: ProfileName;
  /** Where to begin, for a defect that shows in few worlds. */
  readonly firstSeed?: number;
  readonly mutant: Mutant;
}

/** The same defect in what is read one by one and in bulk. */
function reading(view: (job: JobRecord, process: Parameters<Defect>[1]) => JobRecord): Defect {
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

type Replace = (jobs: JobStore, seen: JobRecord, next: JobRecord) => Promise<'written' | 'lost'>;
const writing =
  (replace: Replace): Defect =>
  ({ jobs }) => ({ jobs: { ...jobs, replace: (seen, next) => replace(jobs, seen, next) } });

const submitting =
  (
    submit: (
      batch: AllPorts['batch'],
      request: Parameters<AllPorts['batch']['submit']>[0],
    ) => ReturnType<AllPorts['batch']['submit']>,
  ): Defect =>
  ({ batch }) => ({ batch: { ...batch, submit: (request) => submit(batch, request) } });

/** Writes again over whoever was faster. */
const overwriting = writing(async (jobs, seen, next) => {
  if ((await jobs.replace(seen, next)) === 'written') return 'written';
  const current = await jobs.get(seen.jobId);
  return current === undefined ? 'lost' : jobs.replace(current, { ...next, version: current.version + 1 });
});

const onlyRefuses = (seen: JobRecord, next: JobRecord) =>
  (next.refused?.length ?? 0) > (seen.refused?.length ?? 0) && seen.state === next.state;
const unrefused = writing(async (jobs, seen, next) =>
  onlyRefuses(seen, next) ? 'written' : jobs.replace(seen, next),
);

const silent: Defect = () => ({
  bus: { publish: async () => undefined },
  submitQueue: { send: async () => undefined },
});

export const expectations: readonly Expectation[] = [
  {
    rule: 'R8',
    without: 'any condition on the version',
    profile: 'dup',
    mutant: { defects: { track: overwriting, container: overwriting } },
  },
  {
    rule: 'R9',
    without: 'knowing that another handler opened the call',
    profile: 'dup',
    mutant: {
      defects: { submit: writing(async (jobs, seen, next) => (await jobs.replace(seen, next)) && 'written') },
    },
  },
  {
    rule: 'R9',
    without: 'doubt about a call that was not answered',
    profile: 'chaos',
    mutant: {
      defects: {
        submit: submitting(async (batch, request) => {
          const outcome = await batch.submit(request);
          return outcome.kind === 'unknown' ? { ...outcome, kind: 'not_accepted' } : outcome;
        }),
      },
    },
  },
  {
    rule: 'S7',
    without: 'a client that never repeats SubmitJob',
    profile: 'race',
    mutant: {
      defects: {
        submit: submitting(async (batch, request) => {
          const outcome = await batch.submit(request);
          return outcome.kind === 'unknown' ? batch.submit(request) : outcome;
        }),
      },
    },
  },
  {
    rule: 'S11',
    without: 'waiting until the call has settled',
    profile: 'race',
    mutant: { defects: { submit: () => ({ settleMs: 0 }) } },
  },
  {
    rule: 'W1',
    without: 'the claim',
    profile: 'dup',
    mutant: {
      defects: {
        container: reading((job, { container }) => {
          const { refused: _, ...rest } = job;
          return container === undefined || job.attempt !== container.attempt
            ? job
            : { ...rest, claim: container };
        }),
      },
    },
  },
  {
    rule: 'W1',
    without: 'the attempt in the claim',
    profile: 'dup',
    firstSeed: 589,
    mutant: {
      defects: {
        container: reading((job, { container }) => ({ ...job, attempt: container?.attempt ?? job.attempt })),
      },
    },
  },
  {
    rule: '2.5',
    without: "the fence on Batch's tries",
    profile: 'chaos',
    mutant: {
      defects: {
        container: reading((job, { container }) =>
          job.claim !== undefined && job.claim.batchJobId === container?.batchJobId
            ? { ...job, claim: container }
            : job,
        ),
      },
    },
  },
  {
    rule: 'T3',
    without: 'the attempt in events',
    profile: 'dup',
    mutant: {
      message: (step, message, jobOf) => {
        if (step !== 'track') return message;
        const body = message.body.replace(/hg-(job_[a-z2-7]{26})-\d+/, (name, jobId: string) => {
          const attempt = jobOf(jobId)?.attempt;
          return attempt === undefined ? name : `hg-${jobId}-${attempt}`;
        });
        return { ...message, body };
      },
    },
  },
  {
    rule: 'T6',
    without: 'the order of reports',
    profile: 'race',
    mutant: {
      defects: {
        track: reading((job) => {
          const { order: _, ...rest } = job;
          return rest;
        }),
      },
    },
  },
  {
    rule: '2.4',
    without: 'the refusal on the record before a stray is ended',
    profile: 'dup',
    firstSeed: 1800,
    mutant: { defects: { submit: unrefused, track: unrefused } },
  },
  {
    rule: 'R5',
    without: 'the debts after an event',
    profile: 'race',
    mutant: { defects: { track: silent } },
  },
  {
    rule: 'R5',
    without: 'delivery rows before the job is settled',
    profile: 'race',
    mutant: {
      defects: { notify: ({ endpoints }) => ({ endpoints: { ...endpoints, list: async () => [] } }) },
    },
  },
  {
    rule: 'R10',
    without: 'a dueAt on the final record',
    profile: 'chaos',
    mutant: {
      defects: {
        track: writing((jobs, seen, { dueAt, ...next }) =>
          jobs.replace(seen, isFinal(next.state) || dueAt === undefined ? next : { ...next, dueAt }),
        ),
      },
    },
  },
  {
    rule: '2.9',
    without: 'the sweep',
    profile: 'chaos',
    mutant: { defects: { tick: () => ({ due: { due: async () => ({ due: [] }) } }) } },
  },
  {
    rule: '2.10',
    without: "waiting for Batch's word after a cancel",
    profile: 'chaos',
    mutant: {
      defects: {
        intake: writing((jobs, seen, next) =>
          jobs.replace(
            seen,
            next.state === 'cancelling'
              ? changed(seen, { state: 'cancelled', dueAt: next.dueAt }, next.stateAt)
              : next,
          ),
        ),
      },
    },
  },
  {
    rule: '2.10',
    without: 'the tombstone of a cancel that came first',
    profile: 'chaos',
    mutant: {
      defects: {
        intake: ({ jobs }) => ({
          jobs: {
            ...jobs,
            createOver: (tombstone, job) =>
              jobs.createOver(
                tombstone,
                job.state === 'cancelled' ? changed(job, { state: 'waiting' }, job.stateAt) : job,
              ),
          },
        }),
      },
    },
  },
];
