import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FailureClass } from '../../../../domain/job/job.ts';
import type { RetryPolicy } from '../../../../domain/job/job-type.ts';
import { nextAttemptDelaySeconds, retryAllowed } from '../../../../domain/job/retry.ts';

const policy: RetryPolicy = {
  maxAttempts: 4,
  maxAttemptsOf: { timeout: 1, out_of_memory: 2, spot_reclaimed: 9 },
  backoff: { initialSeconds: 10, factor: 3, maxSeconds: 60 },
};

describe('the budget of a class of failure', () => {
  test.each<[FailureClass, attempt: number, boolean]>([
    ['app_error', 1, true],
    ['app_error', 3, true],
    ['app_error', 4, false],
    ['app_error', 5, false],
    ['timeout', 1, false],
    ['out_of_memory', 1, true],
    ['out_of_memory', 2, false],
    ['spot_reclaimed', 3, true],
    ['spot_reclaimed', 4, false],
  ])('%s in attempt %d: another one is %s', (failure, attempt, expected) => {
    expect(retryAllowed(policy, failure, attempt)).toBe(expected);
  });
});

describe('the backoff', () => {
  test.each([
    [1, 10],
    [2, 30],
    [3, 60],
    [4, 60],
    [400, 60],
  ])('after attempt %d is %d seconds', (attempt, seconds) => {
    expect(nextAttemptDelaySeconds(policy, attempt, 0)).toBe(seconds);
  });

  const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const attempts = fc.integer({ min: 1, max: 20 });
  const policies = fc.record({
    initialSeconds: fc.integer({ min: 1, max: 600 }),
    factor: fc.integer({ min: 1, max: 10 }),
    maxSeconds: fc.integer({ min: 600, max: 86_400 }),
  });

  test('is never shorter for its jitter, and longer by a fifth at most', () => {
    fc.assert(
      fc.property(policies, attempts, chances, (backoff, attempt, random) => {
        const plain = nextAttemptDelaySeconds({ maxAttempts: 9, backoff }, attempt, 0);
        const spread = nextAttemptDelaySeconds({ maxAttempts: 9, backoff }, attempt, random);
        expect(spread).toBeGreaterThanOrEqual(plain);
        expect(spread).toBeLessThanOrEqual(Math.ceil(plain * 1.2));
      }),
    );
  });

  test('is cut at its longest before the jitter, however often an attempt failed', () => {
    fc.assert(
      fc.property(policies, attempts, chances, (backoff, attempt, random) => {
        const seconds = nextAttemptDelaySeconds({ maxAttempts: 9, backoff }, attempt, random);
        expect(seconds).toBeGreaterThanOrEqual(backoff.initialSeconds);
        expect(seconds).toBeLessThanOrEqual(Math.ceil(backoff.maxSeconds * 1.2));
      }),
    );
  });

  test('is not rounded to an earlier second', () => {
    const gentle = { maxAttempts: 9, backoff: { initialSeconds: 1, factor: 1.2, maxSeconds: 60 } };
    expect(nextAttemptDelaySeconds(gentle, 2, 0)).toBeGreaterThanOrEqual(1.2);
  });
});
