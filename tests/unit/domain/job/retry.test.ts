import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { FailureClass } from '../../../../domain/job/job.ts';
import type { RetryPolicy } from '../../../../domain/job/job-type.ts';
import {
  limitOf,
  mostAttempts,
  nextAttemptDelaySeconds,
  retryAllowed,
} from '../../../../domain/job/retry.ts';

const policy: RetryPolicy = {
  maxAttempts: 4,
  maxAttemptsOf: { timeout: 1, out_of_memory: 2, spot_reclaimed: 3 },
  backoff: { initialSeconds: 10, factor: 3, maxSeconds: 60 },
};
const [app, oom, spot, late] = ['app_error', 'out_of_memory', 'spot_reclaimed', 'timeout'] as const;

describe('a further attempt', () => {
  test.each<[FailureClass[], boolean]>([
    [[app], true],
    [[app, app, app], true],
    [[app, app, app, app], false],
    [[late], false],
    [[oom], true],
    [[oom, oom], false],
    [[spot, spot], true],
    [[spot, spot, spot], false],
    // Each class counts its own.
    [[spot, oom], true],
    [[app, oom], true],
    [[app, app, oom], true],
    [[oom, app, oom], false],
    [[app, late], false],
    // Reclaims are outside of the budget of the job.
    [[spot, spot, app], true],
    [[spot, app, spot, app, app], true],
    [[spot, app, spot, app, app, app], false],
    [[app, app, app, spot], true],
    [[app, app, app, spot, spot], true],
    [[app, app, app, spot, spot, spot], false],
  ])('after %j: %s (F96)', (ended, expected) => {
    expect(retryAllowed(policy, ended)).toBe(expected);
  });

  test('follows ten reclaims at most, and none when the first attempt is to be the last', () => {
    const { maxAttemptsOf: _, ...unbounded } = policy;
    expect(retryAllowed(unbounded, Array(9).fill(spot))).toBe(true);
    expect(retryAllowed(unbounded, Array(10).fill(spot))).toBe(false);
    expect(retryAllowed({ ...unbounded, maxAttempts: 1 }, [spot])).toBe(false);
    expect(retryAllowed({ ...policy, maxAttempts: 1 }, [spot])).toBe(true);
  });

  const classes = fc.constantFrom<FailureClass>(...FailureClass.options);
  const policies = fc.record({
    maxAttempts: fc.integer({ min: 1, max: 12 }),
    maxAttemptsOf: fc.dictionary(classes, fc.integer({ min: 1, max: 12 })),
    backoff: fc.constant(policy.backoff),
  });

  test('is never one more than the policy says, in whatever order attempts fail', () => {
    fc.assert(
      fc.property(policies, fc.infiniteStream(classes), (one, failures) => {
        const ended: FailureClass[] = [];
        for (const cls of failures) {
          ended.push(cls);
          if (!retryAllowed(one, ended)) break;
        }
        const count = (cls: FailureClass) => ended.filter((each) => each === cls).length;
        for (const cls of FailureClass.options) expect(count(cls)).toBeLessThanOrEqual(limitOf(one, cls));
        expect(ended.length - count(spot)).toBeLessThanOrEqual(one.maxAttempts);
        expect(ended.length).toBeLessThanOrEqual(mostAttempts(one));
      }),
    );
  });

  test('is never denied for what ended others: the class or the whole budget is used up', () => {
    fc.assert(
      fc.property(policies, fc.array(classes, { minLength: 1, maxLength: 20 }), (one, ended) => {
        const latest = ended[ended.length - 1]!;
        const count = (cls: FailureClass) => ended.filter((each) => each === cls).length;
        const usedUp = count(latest) >= limitOf(one, latest);
        const allUsedUp = latest !== spot && ended.length - count(spot) >= one.maxAttempts;
        expect(retryAllowed(one, ended)).toBe(!usedUp && !allUsedUp);
      }),
    );
  });
});

describe('the backoff', () => {
  const failed = (times: number) => Array<FailureClass>(times).fill(app);

  test.each<[FailureClass[], number]>([
    [failed(1), 10],
    [failed(2), 30],
    [failed(3), 60],
    [failed(4), 60],
    [failed(400), 60],
    [[spot, spot, app], 10],
    [[app, app, spot], 10],
    [[app, spot, app], 30],
  ])('after %j is %d seconds', (ended, seconds) => {
    expect(nextAttemptDelaySeconds(policy, ended, 0)).toBe(seconds);
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
        const plain = nextAttemptDelaySeconds({ maxAttempts: 9, backoff }, failed(attempt), 0);
        const spread = nextAttemptDelaySeconds({ maxAttempts: 9, backoff }, failed(attempt), random);
        expect(spread).toBeGreaterThanOrEqual(plain);
        expect(spread).toBeLessThanOrEqual(Math.ceil(plain * 1.2));
      }),
    );
  });

  test('is cut at its longest before the jitter, however often an attempt failed', () => {
    fc.assert(
      fc.property(policies, attempts, chances, (backoff, attempt, random) => {
        const seconds = nextAttemptDelaySeconds({ maxAttempts: 9, backoff }, failed(attempt), random);
        expect(seconds).toBeGreaterThanOrEqual(backoff.initialSeconds);
        expect(seconds).toBeLessThanOrEqual(Math.ceil(backoff.maxSeconds * 1.2));
      }),
    );
  });

  test('is not rounded to an earlier second', () => {
    const gentle = { maxAttempts: 9, backoff: { initialSeconds: 1, factor: 1.2, maxSeconds: 60 } };
    expect(nextAttemptDelaySeconds(gentle, failed(2), 0)).toBeGreaterThanOrEqual(1.2);
  });
});
