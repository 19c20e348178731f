/** Why SubmitJob was not accepted, and who can do something about it. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { classifyRefusal, unavailableFor } from '../../../../domain/batch/refusal.ts';
import { planSubmission } from '../../../../domain/batch/submission.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { isOver } from '../../../../domain/job/attempt.ts';
import { JobState } from '../../../../domain/job/job.ts';
import type { WholeJob } from '../../../../domain/job/parts.ts';
import { MAX_ATTEMPTS, mostAttempts } from '../../../../domain/job/retry.ts';
import { context, JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';
import { ownRequest, platform } from '../../../support/platform-texts.ts';

describe('a refusal that names our own request is final', () => {
  test.each(ownRequest)('%s', (_, error, cls) => {
    expect(classifyRefusal(error)).toMatchObject({
      kind: 'refused',
      failure: {
        class: cls,
        code: cls === 'platform' ? 'request_impossible' : 'batch_refused',
        reason: error.message,
      },
    });
  });
});

describe('a refusal that an operator can put right keeps the job (F71, F72, F73)', () => {
  test.each(platform)('%s', (_, error, what) => {
    const reason = `${error.name}: ${error.message}`;
    expect(classifyRefusal(error)).toEqual({ kind: 'unavailable', what, reason });
  });
});

test.each([
  ['TooManyRequestsException', 429],
  ['ThrottlingException', 400],
  ['RequestLimitExceeded', 503 - 100],
  ['Unknown', 429],
])('%s with status %d is throttling: nothing is wrong', (name, status) => {
  expect(classifyRefusal({ name, status, message: 'Too Many Requests' })).toEqual({
    kind: 'not_accepted',
    why: name,
  });
});

test.each([undefined, 408, 500, 502, 503])(
  'status %s says nothing: the job may have been taken',
  (status) => {
    expect(classifyRefusal({ name: 'ServerException', status, message: 'x' }).kind).toBe('unknown');
  },
);

test('what AWS says that is not known never fails a job', () => {
  const texts = fc.property(fc.string(), fc.integer({ min: 400, max: 499 }), (message, status) => {
    const { kind } = classifyRefusal({ name: 'ClientException', status, message });
    expect(['unavailable', 'not_accepted', 'unknown']).toContain(kind);
  });
  fc.assert(texts);
});

const retry = { maxAttempts: 4, backoff: { initialSeconds: 10, factor: 3, maxSeconds: 900 } };
const around = { retry, nowMs: NOW, random: 0 };
const turnedAway = (job: WholeJob): WholeJob => {
  const next = advance(job, unavailableFor(job, 'ClientException: is disabled', around), context);
  if (next === undefined) throw new Error(`A job that is ${job.state} takes no notice`);
  return next;
};
const open = (change: Partial<WholeJob> = {}) =>
  jobIn('submitting', { callOpen: true, callDeadlineAt: NOW + 10_000, hasSlot: true, ...change });

describe('a job that the platform does not take', () => {
  test('waits under the next number, without its slot, with the reason and a time (F71)', () => {
    const next = turnedAway(open());
    expect(next).toMatchObject({
      state: 'waiting',
      attempt: 2,
      waitReason: 'platform_unavailable',
      nextAttemptAt: NOW + 30_000,
      failure: { class: 'platform', code: 'platform_unavailable', reason: 'ClientException: is disabled' },
      platformWait: { refusals: 1, since: context.nowMs },
      endedAttempts: [],
    });
    for (const gone of ['hasSlot', 'callOpen', 'callDeadlineAt']) expect(next).not.toHaveProperty(gone);
    expect(isOver(next, 1)).toBe(true);
  });

  test('asks for no slot before its time, and then for one', () => {
    const next = turnedAway(open());
    const asked = { tenantId: 'acme', jobId: JOB_ID, attempt: 2 };
    expect(planSubmission(next, asked, NOW, 0)).toEqual({ kind: 'later', atMs: NOW + 30_000 });
    expect(planSubmission(next, asked, NOW + 30_000, 0)).toEqual({ kind: 'wait_for_slot' });
    expect(planSubmission(next, { ...asked, attempt: 1 }, NOW + 30_000, 0)).toEqual({ kind: 'done' });
  });

  test('waits twice as long each time, up to two hours, and more than three days in all; then it has failed', () => {
    const waits: number[] = [];
    let job = open();
    while (job.state === 'submitting') {
      const next = turnedAway(job);
      if (next.state === 'waiting') waits.push((next.nextAttemptAt ?? 0) - NOW);
      job = next.state === 'waiting' ? { ...next, state: 'submitting' } : next;
    }
    expect(waits.slice(0, 4)).toEqual([30_000, 60_000, 120_000, 240_000]);
    expect(Math.max(...waits)).toBe(7_200_000);
    const days = waits.reduce((sum, wait) => sum + wait, 0) / 86_400_000;
    expect(days).toBeGreaterThan(3);
    expect(job).toMatchObject({
      state: 'failed',
      failure: { class: 'platform', code: 'platform_unavailable', reason: 'ClientException: is disabled' },
    });
    // Its own retries would still have had numbers.
    expect(job.attempt + mostAttempts(retry)).toBeLessThanOrEqual(MAX_ATTEMPTS + 1);
  });

  test('keeps its budget of attempts: what Batch refused is no failure of the job', () => {
    const running = jobIn('running', { attempt: 9, endedAttempts: [] });
    const end = { runId: running.runId ?? '', order: { tries: 1, rank: 9 }, ended: { endedAt: NOW } };
    const failure = { class: 'app_error', code: 'exit_code', message: 'x' } as const;
    const next = advance(running, { kind: 'ended_badly', ...end, failure, retryable: true }, context);
    expect(next?.state).toBe('retrying');
  });

  test('that has reached its deadline failed for the platform, and the operator finds out why (F71)', () => {
    const failed = advance(turnedAway(open()), { kind: 'deadline' }, context);
    expect(failed).toMatchObject({
      state: 'failed',
      failure: { class: 'platform', code: 'deadline_exceeded', reason: 'ClientException: is disabled' },
    });
  });

  test('whose end was asked for meanwhile has ended', () => {
    const job = jobIn('cancelling', { callOpen: true, ending: 'cancel', runId: undefined });
    expect(turnedAway(job)).toMatchObject({ state: 'cancelled', attempt: job.attempt });
  });

  test('forgets the refusals once Batch takes it', () => {
    const again = { ...turnedAway(open()), state: 'submitting' as const };
    const order = { tries: 0, rank: 1 };
    expect(advance(again, { kind: 'accepted', runId: 'batch-1', order }, context)).not.toHaveProperty(
      'platformWait',
    );
  });

  test('is moved by nothing in any other state', () => {
    const observation = unavailableFor(open(), 'x', around);
    for (const state of JobState.options.filter(
      (each) => !['waiting', 'submitting', 'cancelling'].includes(each),
    ))
      expect(advance(jobIn(state), observation, context)).toBeUndefined();
  });
});
