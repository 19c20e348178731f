/** Rules of the protocol taken out one at a time. A check that lets one of these pass has proved nothing. */
import { changed, isFinal, type JobRecord } from '../../domain/job.ts';
import { memberOf } from '../../domain/member.ts';
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

const each = (
  steps: readonly ('intake' | 'submit' | 'track')[],
  defect: Defect,
): NonNullable<Mutant['defects']> => Object.fromEntries(steps.map((step) => [step, defect]));

const leavingByJob: Defect = ({ gates }) => ({
  gates: {
    ...gates,
    leave: async (tenantId, members) => {
      const held = (await gates.load([tenantId])).get(tenantId)?.members ?? [];
      const jobIds = new Set(members.map(({ jobId }) => jobId));
      return gates.leave(
        tenantId,
        held.filter(({ jobId }) => jobIds.has(jobId)),
      );
    },
  },
});

const enteringBlindly: Defect = ({ gates }) => ({
  gates: {
    ...gates,
    enter: async (tenantId, seen, members, nowMs) => {
      for (let gate = seen; ; gate = (await gates.load([tenantId])).get(tenantId))
        if ((await gates.enter(tenantId, gate, members, nowMs)) === 'written') return 'written';
    },
  },
});

const readingTheGateOnce: Defect = ({ gates }) => {
  const known = new Map<string, ReturnType<typeof gates.load>>();
  return {
    gates: {
      ...gates,
      load: (tenantIds) => {
        const read = known.get(tenantIds.join()) ?? gates.load(tenantIds);
        known.set(tenantIds.join(), read);
        return read;
      },
    },
  };
};

const LATE_MS = 3000;
const puttingRowsLate: Defect = ({ waiting, clock }) => ({
  waiting: {
    ...waiting,
    put: async (rows) => void clock.waitUntil(clock.nowMs() + LATE_MS).then(() => waiting.put(rows)),
  },
});

const leavingLate: Defect = ({ gates, clock }) => ({
  gates: {
    ...gates,
    leave: async (tenantId, members) =>
      void clock.waitUntil(clock.nowMs() + LATE_MS).then(() => gates.leave(tenantId, members)),
  },
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
    firstSeed: 60,
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
    firstSeed: 2500,
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
    rule: 'I19',
    without: 'the sweep for deliveries whose message was lost',
    profile: 'chaos',
    mutant: {
      defects: { tick: ({ deliveries }) => ({ deliveries: { ...deliveries, putOff: async () => 'lost' } }) },
    },
  },
  {
    rule: 'I19',
    without: 'a message for a first try that failed',
    profile: 'race',
    mutant: { defects: { notify: () => ({ deliveryQueue: { send: async () => undefined } }) } },
  },
  {
    rule: 'I10',
    without: 'a body that is made of the event alone',
    profile: 'chaos',
    mutant: {
      message: (step, message) =>
        step === 'notify'
          ? { ...message, body: message.body.replace(/("createdAt":")[^"]+/, `$1${message.id}`) }
          : message,
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
  {
    rule: 'R1',
    without: 'the attempt in a member: who leaves takes every attempt of its job along',
    profile: 'dup',
    mutant: { defects: each(['submit', 'track'], leavingByJob) },
  },
  {
    rule: 'R3',
    without: 'giving back the slot of a job that was over when its message came',
    profile: 'race',
    mutant: { defects: { submit: ({ gates }) => ({ gates: { ...gates, leave: async () => undefined } }) } },
  },
  {
    rule: 'R3',
    without: 'letting the winner keep the slot: who loses a write gives it back',
    profile: 'race',
    mutant: {
      defects: {
        submit: ({ jobs, gates }) => ({
          jobs: {
            ...jobs,
            replace: async (seen, next) => {
              const outcome = await jobs.replace(seen, next);
              if (outcome === 'lost') await gates.leave(seen.tenantId, [memberOf(seen)]);
              return outcome;
            },
          },
        }),
      },
    },
  },
  {
    rule: 'R4',
    without: 'the sweep of the gates',
    profile: 'chaos',
    mutant: {
      defects: {
        tick: ({ due }) => ({
          due: {
            due: async (...asked) => {
              const page = await due.due(...asked);
              return { ...page, due: page.due.filter(({ kind }) => kind !== 'gate') };
            },
          },
        }),
      },
    },
  },
  {
    rule: 'R7',
    without: 'the condition that nobody has entered since the gate was read',
    profile: 'race',
    mutant: { defects: each(['submit', 'track'], enteringBlindly) },
  },
  {
    rule: '2.7',
    without: 'the second try of who waits',
    profile: 'race',
    mutant: { defects: { submit: readingTheGateOnce } },
  },
  {
    rule: '2.7',
    without: 'a consistent read of the waiting list',
    profile: 'race',
    mutant: { defects: each(['submit', 'track'], puttingRowsLate) },
  },
  {
    rule: '2.6',
    without: 'leaving before the list is read',
    profile: 'race',
    mutant: { defects: each(['submit', 'track', 'intake'], leavingLate) },
  },
  {
    rule: '2.10',
    without: 'keeping the slot of a job that is being cancelled',
    profile: 'chaos',
    mutant: {
      defects: {
        intake: ({ jobs, gates }) => ({
          jobs: {
            ...jobs,
            replace: async (seen, next) => {
              const outcome = await jobs.replace(seen, next);
              if (next.state === 'cancelling') await gates.leave(next.tenantId, [memberOf(next)]);
              return outcome;
            },
          },
        }),
      },
    },
  },
];
