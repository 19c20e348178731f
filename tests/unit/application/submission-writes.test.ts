/** What one submission costs the record: each write is a write unit for each kilobyte that the record has. */
import { expect, test } from '@jest/globals';
import { submit } from '../../../application/batch/submit.ts';
import { slots } from '../../../application/tenant/slots.ts';
import type { JobChange, JobState } from '../../../domain/job/job.ts';
import { jobIn, NOW } from '../../support/jobs.ts';
import { submitMessageOf, useCases } from '../../support/use-cases.ts';

const BACKOFF_MS = 60_000;

/** @returns the states that were written for the attempt, in their order */
async function statesWritten(
  state: JobState,
  attempt: number,
  { cap, change = {} }: { cap?: number; change?: JobChange },
) {
  const { ports, time } = useCases({});
  const job = jobIn(state, { runId: undefined, ...change });
  await ports.jobs.create(job);
  if (cap !== undefined) await ports.gates.set(job.tenantId, undefined, { cap }, NOW);
  const written: string[] = [];
  const replace: typeof ports.jobs.replace = async (seen, next) => {
    written.push(`${next.state} ${next.attempt}`);
    return ports.jobs.replace(seen, next);
  };
  time.nowMs += BACKOFF_MS;
  const parts = { ...ports, jobs: { ...ports.jobs, replace } };
  await submit({ ...parts, slots: slots(parts) })([submitMessageOf({ ...job, attempt })]);
  return written;
}

test.each<[what: string, state: JobState, attempt: number]>([
  ['that waits for nothing', 'waiting', 1],
  ['whose delay is over', 'scheduled', 1],
  ['whose backoff is over', 'retrying', 2],
])(
  'a job %s is written twice, for the intent and for the answer, with a cap or without',
  async (_, state, attempt) => {
    const twice = [`submitting ${attempt}`, `submitted ${attempt}`];
    expect(await statesWritten(state, attempt, {})).toEqual(twice);
    expect(await statesWritten(state, attempt, { cap: 1 })).toEqual(twice);
  },
);
