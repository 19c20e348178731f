import { describe, expect, test } from '@jest/globals';
import { advance, type Context } from '../../../../domain/job/advance.ts';
import { failureOf } from '../../../../domain/job/failure.ts';
import { JobRecord as JobRecordSchema, type JobState } from '../../../../domain/job/job.ts';
import { withoutType } from '../../../../domain/job/job-type.ts';
import type { Observation } from '../../../../domain/job/lifecycle.ts';
import type { WholeJob } from '../../../../domain/job/parts.ts';
import { lifecycleEvent } from '../../../../domain/webhook/notification.ts';
import { context, FIRST, jobIn, NOW, reportType, SECOND } from '../../../support/jobs.ts';

const order = { tries: 1, rank: 9 };
const ended = { startedAt: NOW + 100, endedAt: NOW + 500 };
const failure = { class: 'app_error', code: 'exit_code', message: 'It ended badly.' } as const;
const endedBadly: Observation = {
  kind: 'ended_badly',
  runId: FIRST,
  order,
  ended,
  failure,
  retryable: true,
};
const endedWell: Observation = { kind: 'ended_well', runId: FIRST, order, ended };

function moved(job: WholeJob, observation: Observation, given: Context = context): WholeJob {
  const next = advance(job, observation, given);
  if (next === undefined) throw new Error(`${observation.kind} was ignored`);
  return JobRecordSchema.parse(next) as WholeJob; // no move marks a part
}

describe('the call of SubmitJob', () => {
  const call: Observation = { kind: 'call', deadlineAt: NOW + 20_000, hasSlot: true };

  test('is on the record before it is made: open, counted, with the moment it can no longer be travelling', () => {
    expect(moved(jobIn('waiting'), call)).toMatchObject({
      callOpen: true,
      calls: 1,
      callDeadlineAt: NOW + 20_000,
    });
  });

  test('that was surely not accepted may be made again, in the same state and attempt', () => {
    const closed = moved(jobIn('submitting'), { kind: 'not_accepted', why: 'throttled' });
    expect(closed).toMatchObject({
      state: 'submitting',
      attempt: 1,
      callOpen: false,
      waitReason: 'throttled',
    });
    expect(moved(closed, call)).toMatchObject({ state: 'submitting', attempt: 1, callOpen: true, calls: 2 });
  });

  test.each<Observation>([
    { kind: 'accepted', runId: FIRST, order: { tries: 0, rank: 1 } },
    { kind: 'running', runId: FIRST, order: { tries: 0, rank: 3 } },
    { kind: 'claimed', runId: FIRST, try: 1, nonce: 'nonce', order: { tries: 0, rank: 3 } },
    endedBadly,
  ])('is closed by the first word of the Batch job it made: $kind', (observation) => {
    const job = moved(jobIn('submitting'), observation);
    expect(job).toMatchObject({ runId: FIRST, order: expect.anything() });
    expect(job).not.toHaveProperty('callOpen');
    expect(job).not.toHaveProperty('callDeadlineAt');
  });
});

describe('the end of an attempt', () => {
  test('goes into the list of ended attempts with its times and its failure', () => {
    expect(moved(jobIn('running'), endedBadly).endedAttempts).toEqual([
      { attempt: 1, runId: FIRST, startedAt: NOW + 100, endedAt: NOW + 500, failure },
    ]);
  });

  test('with budget left waits for its backoff, which tick knows of', () => {
    expect(moved(jobIn('running'), endedBadly)).toMatchObject({
      state: 'retrying',
      nextAttemptAt: context.nowMs + 10_000,
      dueAt: context.nowMs + 10_000,
      failure,
    });
  });

  test('without budget is final, and keeps being due until the tenant was told', () => {
    const endedAttempts = [1, 2].map((attempt) => ({ attempt, endedAt: NOW }));
    const job = moved(jobIn('running', { attempt: 3, endedAttempts }), endedBadly);
    expect(job).toMatchObject({ state: 'failed', finishedAt: context.nowMs, failure });
    expect(job.dueAt).toBeDefined();
    expect(job).not.toHaveProperty('nextAttemptAt');
  });

  test('that went well without a result is a failure of its own, and may be tried again (M67)', () => {
    expect(moved(jobIn('running'), endedWell)).toMatchObject({
      state: 'retrying',
      failure: { class: 'platform', code: 'result_missing' },
    });
  });

  test('does not take a result that another Batch job committed for its own (M67)', () => {
    const claim = { runId: SECOND, try: 1 };
    expect(moved(jobIn('running', { claim, result: { inline: 1 } }), endedWell).state).toBe('retrying');
  });

  test('badly fails the attempt although a result was committed', () => {
    expect(moved(jobIn('running', { result: { inline: 1 } }), endedBadly).state).toBe('retrying');
  });

  test('needs no result from a job type that promises none', () => {
    const policy = { ...reportType, promisesResult: false };
    expect(moved(jobIn('running'), endedWell, { ...context, policy }).state).toBe('succeeded');
  });

  test('is not repeated for a job type that was taken out of the registry', () => {
    const given = { ...context, policy: withoutType };
    expect(moved(jobIn('running'), endedBadly, given).state).toBe('failed');
    expect(moved(jobIn('running'), endedWell, given).state).toBe('succeeded');
  });
});

describe('the next attempt', () => {
  test.each<[Observation, JobState]>([
    [{ kind: 'due' }, 'waiting'],
    [{ kind: 'held', why: 'tenant_cap' }, 'waiting'],
    [{ kind: 'call', deadlineAt: NOW, hasSlot: false }, 'submitting'],
  ])('starts clean after %j: nothing that identified or came from the one before is left', (seen, state) => {
    const before = jobIn('retrying', {
      refused: [SECOND],
      result: { inline: 1 },
      progress: { done: 1, at: NOW },
      reportedFailure: { code: 'try_later', message: 'Not now.' },
    });
    const job = moved({ ...before, hasSlot: true }, seen);
    expect(job).toMatchObject({ state, attempt: 2, endedAttempts: before.endedAttempts });
    for (const field of [
      'runId',
      'claim',
      'refused',
      'order',
      'progress',
      'result',
      'reportedFailure',
      'hasSlot',
    ]) {
      expect(job).not.toHaveProperty(field);
    }
    expect(job).not.toHaveProperty('nextAttemptAt');
  });

  test('is the same attempt still when the job was only scheduled', () => {
    expect(moved(jobIn('scheduled'), { kind: 'due' })).toMatchObject({ state: 'waiting', attempt: 1 });
  });
});

test('a second start does not change when the job first started', () => {
  const running: Observation = { kind: 'running', runId: FIRST, order: { tries: 1, rank: 3 } };
  expect(moved(jobIn('running'), running).startedAt).toBe(NOW);
});

test("a claim forgets the failure reported by the try before: the new container's own end is judged", () => {
  const job = jobIn('running', { reportedFailure: { code: 'try_later', message: 'Not now.' } });
  const claimed: Observation = {
    kind: 'claimed',
    runId: FIRST,
    try: 2,
    nonce: 'nonce',
    order: { tries: 1, rank: 3 },
  };
  expect(moved(job, claimed)).not.toHaveProperty('reportedFailure');
});

describe('an end that was asked for', () => {
  const asked = ['cancel', 'expire', 'deadline'] as const;
  const over = { cancel: 'cancelled', expire: 'expired', deadline: 'failed' } as const;
  const notAccepted: Observation = { kind: 'not_accepted', why: 'absent_in_batch' };

  test.each(asked)('%s: waits for Batch, and is then the end, whatever the container did', (ending) => {
    expect(moved(jobIn('cancelling', { ending }), endedBadly).state).toBe(over[ending]);
    expect(moved(jobIn('cancelling', { ending }), { kind: 'lost' }).state).toBe(over[ending]);
    const unanswered = jobIn('submitting', { state: 'cancelling', ending });
    expect(moved(unanswered, notAccepted).state).toBe(over[ending]);
  });

  test.each(asked)('%s: comes too late for a result that is committed', (ending) => {
    const job = jobIn('cancelling', { ending, result: { inline: 1 } });
    expect(moved(job, endedWell).state).toBe('succeeded');
  });

  test.each(['expire', 'deadline'] as const)(
    '%s: gives way to a cancel of the tenant, who may not see it redriven',
    (ending) => {
      const job = moved(jobIn('cancelling', { ending }), { kind: 'cancel' });
      expect(job).toMatchObject({ state: 'cancelling', ending: 'cancel', stateVersion: 4 });
      expect(moved(job, endedBadly)).toMatchObject({ state: 'cancelled' });
      expect(advance(job, { kind: 'cancel' }, context)).toBeUndefined();
    },
  );

  test('remembers why, and tick looks soon', () => {
    const job = moved(jobIn('running', { dueAt: NOW + 3_600_000 }), { kind: 'deadline' });
    expect(job).toMatchObject({ state: 'cancelling', ending: 'deadline' });
    expect(job.dueAt).toBeLessThan(NOW + 120_000);
  });

  test('by the deadline of the whole job is a failure that says so, in Batch or not', () => {
    const failure = { class: 'timeout', code: 'deadline_exceeded' };
    expect(moved(jobIn('waiting'), { kind: 'deadline' })).toMatchObject({ state: 'failed', failure });
    const job = jobIn('cancelling', { ending: 'deadline' });
    expect(moved(job, endedBadly)).toMatchObject({ state: 'failed', failure });
  });

  test.each([
    ['at the deadline', 0, 'deadline_exceeded'],
    ['after the deadline', -1, 'deadline_exceeded'],
    ['before the deadline, with no time for another attempt', 1, 'timed_out'],
  ])('has one cause, whether AWS Batch or reconcile ends it: %s', (_when, leftMs, code) => {
    const endedAt = context.nowMs - 500;
    const timedOut: Observation = {
      ...endedBadly,
      ended: { ...ended, endedAt },
      failure: failureOf('timeout', 'timed_out'),
    };
    const job = moved(jobIn('running', { deadlineAt: endedAt + leftMs }), timedOut);
    expect(job).toMatchObject({ state: 'failed', failure: { class: 'timeout', code } });
    expect(job.endedAttempts.at(-1)?.failure).toMatchObject({ code: 'timed_out' });
  });

  test('is not followed by another attempt when the backoff would pass the deadline', () => {
    const deadlineAt = context.nowMs + 10_000;
    expect(moved(jobIn('running', { deadlineAt }), endedBadly)).toMatchObject({ state: 'failed', failure });
    expect(moved(jobIn('running', { deadlineAt: deadlineAt + 1 }), endedBadly).state).toBe('retrying');
  });
});

describe('a job that ended while its backoff ran tells of no next attempt', () => {
  test.each<Observation>([{ kind: 'cancel' }, { kind: 'deadline' }])('$kind', (observation) => {
    expect(lifecycleEvent(moved(jobIn('retrying'), observation)).data).not.toHaveProperty('nextAttemptAt');
  });

  test('its job type was removed', () => {
    const job = moved(jobIn('retrying'), { kind: 'refused', failure });
    expect(lifecycleEvent(job).data).not.toHaveProperty('nextAttemptAt');
  });
});

describe('a Batch job that DescribeJobs does not know', () => {
  test('is counted each time, and forgotten with the first word of it', () => {
    const twice = moved(moved(jobIn('running'), { kind: 'absent' }), { kind: 'absent' });
    expect(twice).toMatchObject({ state: 'running', absences: 2 });
    const queued: Observation = { kind: 'queued', runId: FIRST, order: { tries: 1, rank: 1 } };
    expect(moved(twice, queued)).not.toHaveProperty('absences');
  });

  test('is a lost attempt in the end', () => {
    expect(moved(jobIn('running'), { kind: 'lost' })).toMatchObject({
      state: 'retrying',
      failure: { class: 'lost', code: 'batch_forgot' },
      endedAttempts: [{ attempt: 1, runId: FIRST, endedAt: context.nowMs }],
    });
  });

  test('leaves no count behind, which would make tick slow about the next attempt', () => {
    const lost = moved(jobIn('running', { absences: 2, unclearStatus: 'PAUSED' }), { kind: 'lost' });
    const next = moved(lost, { kind: 'due' });
    expect(next).not.toHaveProperty('absences');
    expect(next).not.toHaveProperty('unclearStatus');
  });
});

test('a status we do not know is noted, and tick asks again soon', () => {
  const job = moved(jobIn('submitted', { dueAt: NOW + 3_600_000 }), {
    kind: 'unclear',
    batchStatus: 'PAUSED',
  });
  expect(job).toMatchObject({ state: 'submitted', unclearStatus: 'PAUSED' });
  expect(job.dueAt).toBeLessThan(NOW + 300_000);
});
