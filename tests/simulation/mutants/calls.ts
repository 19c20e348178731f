/** Rules of submitting, of the claim, and of what is believed of a Batch job. */
import { failureOf } from '../../../domain/job/failure.ts';
import { changed, isFinal, type JobRecord } from '../../../domain/job/job.ts';
import type { AllPorts, Defect } from '../lambdas.ts';
import { type Expectation, reading, writing } from './defects.ts';

const submitting =
  (
    submit: (
      batch: AllPorts['batch'],
      request: Parameters<AllPorts['batch']['submit']>[0],
    ) => ReturnType<AllPorts['batch']['submit']>,
  ): Defect =>
  ({ batch }) => ({ batch: { ...batch, submit: (request) => submit(batch, request) } });

/** Overwrites a faster write. */
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

const withoutOrder = ({ order: _, ...job }: JobRecord): JobRecord => job;

/** The answer to the call of an attempt is taken for that of the next one. */
const adoptingLateAnswers = writing(async (jobs, seen, next) => {
  const outcome = await jobs.replace(seen, next);
  if (outcome === 'written' || next.runId === undefined || seen.runId !== undefined) return outcome;
  const current = await jobs.get(seen.jobId);
  const isNext = current?.attempt === seen.attempt + 1 && current.state === 'submitting';
  if (!isNext || current.runId !== undefined) return outcome;
  const { state, runId, order } = next;
  return jobs.replace(current, {
    ...changed(current, { state, runId, order, callOpen: false }, next.stateAt),
  });
});

const begins = (seen: JobRecord, next: JobRecord) => seen.state === 'retrying' && next.callOpen === true;
const underTheOldNumber = writing((jobs, seen, next) =>
  jobs.replace(seen, begins(seen, next) ? { ...next, attempt: seen.attempt } : next),
);
const withTheOldRun = writing((jobs, seen, next) =>
  jobs.replace(seen, begins(seen, next) && seen.runId ? { ...next, runId: seen.runId } : next),
);

export const ofCalls: readonly Expectation[] = [
  {
    rule: 'S5',
    without: 'a number of its own for the attempt that begins with its intent',
    profile: 'race',
    firstSeed: 2,
    mutant: { defects: { submit: underTheOldNumber } },
  },
  {
    rule: 'S5',
    without: 'removing the Batch job of the attempt before with the intent of the next',
    profile: 'race',
    firstSeed: 67,
    mutant: { defects: { submit: withTheOldRun } },
  },
  {
    rule: 'R8',
    without: 'any condition on the version',
    profile: 'dup',
    firstSeed: 3,
    mutant: { defects: { track: overwriting, workerApi: overwriting } },
  },
  {
    rule: 'R9',
    without: 'knowing that another handler opened the call',
    profile: 'dup',
    firstSeed: 3,
    mutant: {
      defects: { submit: writing(async (jobs, seen, next) => (await jobs.replace(seen, next)) && 'written') },
    },
  },
  {
    rule: 'R9',
    without: 'doubt about a call that was not answered',
    profile: 'chaos',
    firstSeed: 2,
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
    firstSeed: 2,
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
    firstSeed: 5,
    mutant: { defects: { submit: () => ({ settleMs: 0 }) } },
  },
  {
    rule: 'W1',
    without: 'the claim',
    profile: 'dup',
    firstSeed: 1,
    mutant: {
      defects: {
        workerApi: reading((job, { container }) => {
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
    firstSeed: 25,
    mutant: {
      defects: {
        workerApi: reading((job, { container }) => ({ ...job, attempt: container?.attempt ?? job.attempt })),
      },
    },
  },
  {
    rule: '2.5',
    without: "the fence on Batch's tries",
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: {
        workerApi: reading((job, { container }) =>
          job.claim !== undefined && job.claim.runId === container?.runId
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
    firstSeed: 76,
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
    firstSeed: 2,
    mutant: {
      defects: {
        track: reading(withoutOrder),
      },
    },
  },
  {
    rule: '2.4',
    without: 'the refusal on the record before a duplicate is terminated',
    profile: 'dup',
    firstSeed: 377,
    mutant: { defects: { submit: unrefused, track: unrefused } },
  },
  {
    rule: 'I4',
    without: 'the test whether the job is final already',
    profile: 'chaos',
    firstSeed: 2,
    mutant: {
      defects: {
        track: reading((job) => (isFinal(job.state) ? { ...withoutOrder(job), state: 'running' } : job)),
      },
    },
  },
  {
    rule: 'W1',
    without: 'refusing a container whose job is being cancelled',
    profile: 'chaos',
    firstSeed: 62,
    mutant: {
      defects: {
        workerApi: reading((job) => (job.state === 'cancelling' ? { ...job, state: 'running' } : job)),
      },
    },
  },
  {
    rule: 'S10',
    without: 'telling the causes that an operator must remove from those of the request',
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: {
        submit: submitting(async (batch, request) => {
          const outcome = await batch.submit(request);
          return outcome.kind === 'unavailable'
            ? { kind: 'refused', failure: failureOf('invalid_input', 'batch_refused', outcome) }
            : outcome;
        }),
      },
    },
  },
  {
    rule: 'S10',
    without: 'releasing the slot of a job that the platform does not take',
    profile: 'race',
    firstSeed: 23,
    mutant: {
      defects: {
        submit: ({ gates, jobs }) => ({
          gates: {
            ...gates,
            release: async (tenantId, holders) => {
              const waiting = async ({ jobId }: { jobId: string }) =>
                (await jobs.get(jobId))?.platformWait !== undefined;
              const kept = await Promise.all(holders.map(waiting));
              return gates.release(
                tenantId,
                holders.filter((_, i) => kept[i] !== true),
              );
            },
          },
        }),
      },
    },
  },
  {
    rule: 'S10',
    without: 'the pause before the platform is called again',
    profile: 'chaos',
    firstSeed: 1,
    mutant: {
      defects: {
        submit: writing((jobs, seen, next) =>
          jobs.replace(
            seen,
            next.waitReason === 'platform_unavailable' ? { ...next, nextAttemptAt: next.stateAt } : next,
          ),
        ),
      },
    },
  },
  {
    rule: 'S10',
    without: 'the next number for an attempt that the platform did not take',
    profile: 'chaos',
    firstSeed: 69,
    mutant: {
      defects: {
        submit: writing((jobs, seen, next) =>
          jobs.replace(
            seen,
            next.waitReason === 'platform_unavailable' ? { ...next, attempt: seen.attempt } : next,
          ),
        ),
      },
    },
  },
  {
    rule: 'S8',
    without: 'the attempt in the answer to SubmitJob: a late one is adopted by the next attempt',
    profile: 'dup',
    firstSeed: 3409,
    mutant: { defects: { submit: adoptingLateAnswers } },
  },
];
