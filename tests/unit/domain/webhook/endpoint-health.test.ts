import { describe, expect, test } from '@jest/globals';
import {
  type EndpointHealth,
  giveBackLease,
  isDead,
  isSlow,
  LEASE_MS,
  MAX_IN_FLIGHT,
  recordOutcome,
  suspected,
  type TryOutcome,
  takeLease,
} from '../../../../domain/webhook/endpoint-health.ts';
import { NOW } from '../../../support/jobs.ts';

const good: EndpointHealth = { tenantId: 'acme', endpointId: 'whe_1' };
const success: TryOutcome = { succeeded: true, exhausted: false, slow: false };
const failure: TryOutcome = { ...success, succeeded: false };
const DAY = 86_400_000;

function held(count: number): EndpointHealth {
  return Array.from({ length: count }).reduce<EndpointHealth>((health, _, i) => {
    const lease = takeLease(health, `msg_${i}`, NOW);
    return lease.kind === 'taken' ? lease.health : health;
  }, good);
}

describe('tries to one endpoint at the same time', () => {
  test('are five at most', () => {
    const full = held(MAX_IN_FLIGHT);
    expect(takeLease(full, 'msg_x', NOW)).toEqual({ kind: 'full' });
    expect(takeLease(giveBackLease(full, 'msg_0'), 'msg_x', NOW).kind).toBe('taken');
  });

  test('are never two of one delivery', () => {
    expect(takeLease(held(1), 'msg_0', NOW)).toEqual({ kind: 'busy' });
  });

  test('end by themselves when their process has died', () => {
    expect(takeLease(held(MAX_IN_FLIGHT), 'msg_0', NOW + LEASE_MS).kind).toBe('taken');
  });

  test('leave nothing behind', () => {
    expect(giveBackLease(held(1), 'msg_0')).toEqual(good);
    expect(giveBackLease(good, 'msg_0')).toEqual(good);
  });
});

describe('what is remembered of an endpoint', () => {
  test('nothing is written for a success of one in good standing', () => {
    expect(recordOutcome(good, success, NOW)).toBe(good);
  });

  test('the first failure since the last success, and no later one', () => {
    const failing = recordOutcome(good, failure, NOW);
    expect(failing).toEqual({ ...good, failingSince: NOW });
    expect(recordOutcome(failing, failure, NOW + DAY)).toBe(failing);
    expect(recordOutcome(failing, success, NOW + DAY)).toEqual(good);
  });

  test('that it was slow, for five minutes after the last slow answer', () => {
    const slow = recordOutcome(good, { ...success, slow: true }, NOW);
    expect(isSlow(slow, NOW + 299_999)).toBe(true);
    expect(isSlow(slow, NOW + 300_000)).toBe(false);
    expect(isSlow(undefined, NOW)).toBe(false);
    expect(recordOutcome(slow, { ...success, slow: true }, NOW + 30_000)).toBe(slow);
    expect(isSlow(recordOutcome(slow, { ...success, slow: true }, NOW + 120_000), NOW + 400_000)).toBe(true);
  });
});

test('one that lets a sandbox wait is suspected for ten seconds, and the suspicion is not written each time', () => {
  const seen = suspected(good, NOW);
  expect(isSlow(seen, NOW + 9999)).toBe(true);
  expect(isSlow(seen, NOW + 10_000)).toBe(false);
  expect(suspected(seen, NOW + 1000)).toBe(seen);
  const slow = recordOutcome(good, { ...failure, slow: true }, NOW);
  expect(suspected(slow, NOW + 1000)).toBe(slow);
});

describe('an endpoint is given up', () => {
  const after = (exhausted: number, days: number) => {
    const ends = Array.from({ length: exhausted }, () => ({ ...failure, exhausted: true }));
    const health = [failure, ...ends].reduce((seen, each) => recordOutcome(seen, each, NOW), good);
    return isDead(health, NOW + days * DAY);
  };

  test.each([
    [3, 5, true],
    [2, 50, false],
    [3, 4.9, false],
    [0, 50, false],
  ])('after %d exhausted messages and %d days of failures: %s', (exhausted, days, dead) => {
    expect(after(exhausted, days)).toBe(dead);
  });

  test('and not when one webhook was taken in between', () => {
    const health = [failure, { ...failure, exhausted: true }, { ...failure, exhausted: true }, success]
      .concat([failure, { ...failure, exhausted: true }])
      .reduce((seen, each) => recordOutcome(seen, each, NOW), good);
    expect(isDead(health, NOW + 50 * DAY)).toBe(false);
  });
});
