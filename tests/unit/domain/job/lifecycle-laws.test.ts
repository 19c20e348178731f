import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance } from '../../../../domain/job/advance.ts';
import { FailureClass, isFinal, JobRecord, JobState } from '../../../../domain/job/job.ts';
import type { Observation } from '../../../../domain/job/lifecycle.ts';
import { mostAttempts } from '../../../../domain/job/retry.ts';
import { FIRST, jobIn, NOW, reportType, SECOND } from '../../../support/jobs.ts';

const MAX_ATTEMPTS = reportType.retry.maxAttempts;
const word = {
  runId: fc.constantFrom(FIRST, SECOND),
  order: fc.record({ tries: fc.nat(3), rank: fc.constantFrom(0, 1, 2, 3, 9) }),
};
const ended = fc.record({
  endedAt: fc.constant(NOW),
  startedAt: fc.option(fc.constant(NOW), { nil: undefined }),
});
const failure = fc.record({
  class: fc.constantFrom(...FailureClass.options),
  code: fc.constant('exit_code'),
  message: fc.constant('It ended badly.'),
});
const is = <const K extends string>(kind: K) => ({ kind: fc.constant(kind) });

const quick: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ ...is('cancel') }),
  fc.record({ ...is('expire') }),
  fc.record({ ...is('deadline') }),
  fc.record({ ...is('refused'), failure }),
);
const usual: fc.Arbitrary<Observation> = fc.oneof(
  fc.record({ ...is('due') }),
  fc.record({
    ...is('call'),
    deadlineAt: fc.integer({ min: NOW, max: NOW + 60_000 }),
    hasSlot: fc.boolean(),
  }),
  fc.record({ ...is('held'), why: fc.constantFrom('tenant_cap', 'paused') }),
  fc.record({ ...is('accepted'), ...word }),
  fc.record({ ...is('not_accepted'), why: fc.constant('throttled') }),
  fc.record({
    ...is('unavailable'),
    reason: fc.constant('The queue is disabled.'),
    nextAttemptAt: fc.integer({ min: NOW, max: NOW + 7_200_000 }),
  }),
  fc.record({ kind: fc.constantFrom('queued', 'starting', 'running'), ...word }),
  fc.record({ ...is('overtaken_start'), startingAt: fc.integer({ min: NOW, max: NOW + 60_000 }) }),
  fc.record({ ...is('ended_well'), ...word, ended }),
  fc.record({ ...is('ended_badly'), ...word, ended, failure, retryable: fc.boolean() }),
  fc.record({ ...is('claimed'), nonce: fc.constant('nonce'), ...word, try: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ ...is('stuck'), reason: fc.constantFrom('image', 'no_room'), said: fc.constant('no machine') }),
  fc.record({ ...is('unclear'), batchStatus: fc.constant('PAUSED') }),
  fc.record({ kind: fc.constantFrom('absent', 'lost') }),
  fc.record({ ...is('committed'), result: fc.record({ inline: fc.constant(1) }) }),
  fc.record({ ...is('progressed'), progress: fc.record({ done: fc.nat() }) }),
  fc.record({
    ...is('reported_failure'),
    reportedFailure: fc.constant({ code: 'try_later', message: 'Not now.' }),
  }),
);
/** Few things end a job early, or most walks would be short. */
const walks = fc.record({
  from: fc.constantFrom(...JobState.options),
  attempt: fc.integer({ min: 1, max: MAX_ATTEMPTS }),
  steps: fc.array(
    fc.record({
      observation: fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: quick }),
      nowMs: fc.integer({ min: NOW, max: NOW + 10_000_000 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    }),
    { maxLength: 40 },
  ),
});

/** Runs a walk and hands over each change that was made. */
function law(hold: (before: JobRecord, after: JobRecord, nowMs: number) => void): void {
  fc.assert(
    fc.property(walks, ({ from, attempt, steps }) => {
      // The last attempt has no backoff after it.
      const number = from === 'retrying' ? Math.min(attempt, MAX_ATTEMPTS - 1) : attempt;
      const over = from === 'retrying' || isFinal(from) ? number : number - 1;
      const endedAttempts = Array.from({ length: over }, (_, i) => ({ attempt: i + 1, endedAt: NOW }));
      let job = jobIn(from, { attempt: number, endedAttempts });
      for (const { observation, nowMs, random } of steps) {
        const next = advance(job, observation, { nowMs, random, policy: reportType });
        if (next !== undefined) hold(job, next, nowMs);
        job = next ?? job;
      }
    }),
  );
}

describe('whatever is observed, in whatever order', () => {
  test('nothing leaves a final state', () => {
    law((before) => expect(isFinal(before.state)).toBe(false));
  });

  test('every change raises the version by exactly one', () => {
    law((before, after) => expect(after.version).toBe(before.version + 1));
  });

  test('the marks of the state change exactly with the state, and with what a waiting job waits for', () => {
    law((before, after, nowMs) => {
      const held =
        (after.queued === true && after.waitReason !== before.waitReason) ||
        (after.waitReason === 'platform_unavailable' && after.attempt > before.attempt) ||
        (after.stuck !== undefined && after.stuck.reason !== before.stuck?.reason);
      const expected =
        after.state === before.state && !held
          ? { stateVersion: before.stateVersion, stateAt: before.stateAt }
          : { stateVersion: after.version, stateAt: nowMs };
      expect(after).toMatchObject(expected);
    });
  });

  test('tick has a time to look at the job, and no observation moves it later', () => {
    law((before, after) => expect(after.dueAt).toBeLessThanOrEqual(before.dueAt ?? 0));
  });

  test('the attempt goes up one at a time, and never more of them end than the budget and the bound of reclaims have', () => {
    law((before, after) => {
      expect([before.attempt, before.attempt + 1]).toContain(after.attempt);
      const failures = after.endedAttempts.filter(({ failure }) => failure?.class !== 'spot_reclaimed');
      expect(after.endedAttempts.length).toBeLessThanOrEqual(mostAttempts(reportType.retry));
      expect(failures.length).toBeLessThanOrEqual(MAX_ATTEMPTS);
      if (after.state === 'retrying') expect(failures.length).toBeLessThan(MAX_ATTEMPTS);
    });
  });

  test('a new attempt begins only after a backoff, or when AWS Batch took none of its kind', () => {
    law((before, after) => {
      if (after.attempt === before.attempt) return;
      if (after.platformWait === undefined || before.state === 'retrying')
        expect(before.state).toBe('retrying');
      else expect(['submitting waiting', 'waiting waiting']).toContain(`${before.state} ${after.state}`);
    });
  });

  test('the record is one that the table can be read into', () => {
    law((_, after) => expect(JobRecord.safeParse(after).error).toBeUndefined());
  });

  test('a call is open only while the state says that it may have been made', () => {
    law((before, after) => {
      if (after.callOpen === true && before.callOpen !== true) expect(after.state).toBe('submitting');
    });
  });

  test("a job succeeds only by a result that the claim's own Batch job committed", () => {
    law((_, after) => {
      if (after.state === 'succeeded') expect(after.claim?.runId).toBe(after.runId);
      if (after.state === 'succeeded') expect(after.result).toBeDefined();
    });
  });
});
