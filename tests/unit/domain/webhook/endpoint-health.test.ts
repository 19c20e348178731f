import { describe, expect, test } from '@jest/globals';
import {
  afterBehaviour,
  type Behaviour,
  giveBackLease,
  isDead,
  isSlow,
  LEASE_MS,
  MAX_IN_FLIGHT,
  type Standing,
  suspected,
  takeLease,
} from '../../../../domain/webhook/endpoint-health.ts';
import { NOW } from '../../../support/jobs.ts';

const good: Standing = { tenantId: 'acme', endpointId: 'whe_1' };
const success: Behaviour = { succeeded: true, exhausted: false, slow: false };
const failure: Behaviour = { ...success, succeeded: false };
const DAY = 86_400_000;

function held(count: number): Standing {
  return Array.from({ length: count }).reduce<Standing>((standing, _, i) => {
    const lease = takeLease(standing, `msg_${i}`, NOW);
    return lease.kind === 'taken' ? lease.standing : standing;
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

  test('end by themselves when whoever made them has died', () => {
    expect(takeLease(held(MAX_IN_FLIGHT), 'msg_0', NOW + LEASE_MS).kind).toBe('taken');
  });

  test('leave nothing behind', () => {
    expect(giveBackLease(held(1), 'msg_0')).toEqual(good);
    expect(giveBackLease(good, 'msg_0')).toEqual(good);
  });
});

describe('what is remembered of an endpoint', () => {
  test('nothing is written for a success of one in good standing', () => {
    expect(afterBehaviour(good, success, NOW)).toBe(good);
  });

  test('the first failure since the last success, and no later one', () => {
    const failing = afterBehaviour(good, failure, NOW);
    expect(failing).toEqual({ ...good, failingSince: NOW });
    expect(afterBehaviour(failing, failure, NOW + DAY)).toBe(failing);
    expect(afterBehaviour(failing, success, NOW + DAY)).toEqual(good);
  });

  test('that it was slow, for five minutes after the last slow answer', () => {
    const slow = afterBehaviour(good, { ...success, slow: true }, NOW);
    expect(isSlow(slow, NOW + 299_999)).toBe(true);
    expect(isSlow(slow, NOW + 300_000)).toBe(false);
    expect(isSlow(undefined, NOW)).toBe(false);
    expect(afterBehaviour(slow, { ...success, slow: true }, NOW + 30_000)).toBe(slow);
    expect(isSlow(afterBehaviour(slow, { ...success, slow: true }, NOW + 120_000), NOW + 400_000)).toBe(true);
  });
});

test('one that keeps somebody waiting is suspected for ten seconds, and the suspicion is not written at each turn', () => {
  const seen = suspected(good, NOW);
  expect(isSlow(seen, NOW + 9999)).toBe(true);
  expect(isSlow(seen, NOW + 10_000)).toBe(false);
  expect(suspected(seen, NOW + 1000)).toBe(seen);
  const slow = afterBehaviour(good, { ...failure, slow: true }, NOW);
  expect(suspected(slow, NOW + 1000)).toBe(slow);
});

describe('an endpoint is given up', () => {
  const after = (exhausted: number, days: number) => {
    const ends = Array.from({ length: exhausted }, () => ({ ...failure, exhausted: true }));
    const standing = [failure, ...ends].reduce((seen, each) => afterBehaviour(seen, each, NOW), good);
    return isDead(standing, NOW + days * DAY);
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
    const standing = [failure, { ...failure, exhausted: true }, { ...failure, exhausted: true }, success]
      .concat([failure, { ...failure, exhausted: true }])
      .reduce((seen, each) => afterBehaviour(seen, each, NOW), good);
    expect(isDead(standing, NOW + 50 * DAY)).toBe(false);
  });
});
