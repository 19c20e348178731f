/** When tick looks at a job: a lost message delays the job by the times written here, and never longer. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { mayExpire, nextLook, soonest } from '../../../../domain/job/due.ts';
import { JobState } from '../../../../domain/job/job.ts';
import { aJob, jobIn, NOW } from '../../../support/jobs.ts';

const SECONDS = 1000;
const MINUTES = 60 * SECONDS;
const HOURS = 60 * MINUTES;

describe('a job that has just entered a state is looked at', () => {
  const active = ['waiting', 'submitting', 'submitted', 'starting', 'running'] as const;
  test.each(active)('after half an hour at the latest when it is %s', (state) => {
    expect(soonest(jobIn(state), NOW)).toBe(NOW + 30 * MINUTES);
  });

  test.each([
    [
      'at its start when it is scheduled',
      jobIn('scheduled', { eligibleAt: NOW + 10 * MINUTES }),
      10 * MINUTES,
    ],
    ['before a start that is far away', jobIn('scheduled', { eligibleAt: NOW + 5 * HOURS }), 30 * MINUTES],
    ['at its next attempt', jobIn('retrying', { nextAttemptAt: NOW + 40 * SECONDS }), 40 * SECONDS],
    ['within 70 seconds while it is being ended', jobIn('cancelling'), 70 * SECONDS],
    [
      'within 2 minutes when Batch gave an unknown status',
      jobIn('running', { unclearStatus: 'X' }),
      2 * MINUTES,
    ],
    ['at once when its container reported progress', jobIn('running', { progressVersion: 5 }), 0],
    [
      'as usual when the progress was reported earlier',
      jobIn('running', { progressVersion: 4 }),
      30 * MINUTES,
    ],
    ['at its deadline', jobIn('running', { deadlineAt: NOW + MINUTES }), MINUTES],
    ['at the end of its time to start', jobIn('submitted', { startBy: NOW + MINUTES }), MINUTES],
    ['as usual when it started in time', jobIn('running', { startBy: NOW + MINUTES }), 30 * MINUTES],
    [
      'as usual when it is over before its deadline',
      jobIn('succeeded', { deadlineAt: NOW + MINUTES }),
      30 * MINUTES,
    ],
    [
      'within 70 seconds, whatever its deadline, while it is being ended',
      jobIn('cancelling', { deadlineAt: NOW + SECONDS }),
      70 * SECONDS,
    ],
  ])('%s', (_title, job, afterMs) => {
    expect(soonest(job, NOW) - NOW).toBe(afterMs);
  });
});

describe('after a look, the next one is', () => {
  test.each([
    ['70 seconds later for a job that waits', jobIn('waiting'), 70 * SECONDS],
    ['half an hour later for a job in the waiting list', jobIn('waiting', { queued: true }), 30 * MINUTES],
    ['70 seconds later for an open call', jobIn('submitting'), 70 * SECONDS],
    ['half an hour later for a job in Batch', jobIn('submitted'), 30 * MINUTES],
    ['10 minutes later for a job that is starting', jobIn('starting'), 10 * MINUTES],
    ['10 minutes later for a job that runs', jobIn('running'), 10 * MINUTES],
    ['70 seconds later for a job that is being ended', jobIn('cancelling'), 70 * SECONDS],
    ['70 seconds later for an end that was not published', jobIn('failed'), 70 * SECONDS],
    ['20 minutes later for a job that Batch did not show', jobIn('submitted', { absences: 1 }), 20 * MINUTES],
    ['70 seconds after the start', jobIn('scheduled', { eligibleAt: NOW + HOURS }), HOURS + 70 * SECONDS],
    [
      '70 seconds later when the start is past',
      jobIn('scheduled', { eligibleAt: NOW - HOURS }),
      70 * SECONDS,
    ],
    [
      '70 seconds after the next attempt',
      jobIn('retrying', { nextAttemptAt: NOW + HOURS }),
      HOURS + 70 * SECONDS,
    ],
    [
      '70 seconds later when the attempt is past',
      jobIn('retrying', { nextAttemptAt: NOW - HOURS }),
      70 * SECONDS,
    ],
    ['at the deadline when that is earlier', jobIn('running', { deadlineAt: NOW + MINUTES }), MINUTES],
    [
      'at the end of the time to start when that is earlier',
      jobIn('submitted', { startBy: NOW + MINUTES }),
      MINUTES,
    ],
    ['10 minutes later when the deadline has passed', jobIn('running', { deadlineAt: NOW }), 10 * MINUTES],
  ])('%s', (_title, job, afterMs) => {
    expect(nextLook(job, NOW) - NOW).toBe(afterMs);
  });

  test('always in the future, so that no tick looks at the same job twice', () => {
    const moments = fc.option(fc.integer({ min: NOW - HOURS, max: NOW + HOURS }), { nil: undefined });
    const times = fc.record({
      eligibleAt: moments,
      nextAttemptAt: moments,
      deadlineAt: moments,
      startBy: moments,
    });
    fc.assert(
      fc.property(fc.constantFrom(...JobState.options), times, (state, change) => {
        expect(nextLook(jobIn(state, change), NOW)).toBeGreaterThan(NOW);
      }),
    );
  });
});

describe('a job may expire', () => {
  const unstarted = new Set<JobState>(['scheduled', 'blocked', 'waiting', 'submitting', 'submitted']);
  test.each(JobState.options.map((state) => [state, unstarted.has(state)] as const))(
    'when it is %s: %s',
    (state, expected) => {
      expect(mayExpire(jobIn(state))).toBe(expected);
    },
  );

  test('no longer when an attempt of it has ended', () => {
    const endedAttempts = [{ attempt: 1, endedAt: NOW }];
    expect(mayExpire(aJob({ endedAttempts }))).toBe(false);
  });

  test('no longer when a container of it has started', () => {
    expect(mayExpire(jobIn('submitted', { startedAt: NOW }))).toBe(false);
  });
});
