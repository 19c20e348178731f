import { expect, test } from '@jest/globals';
import { isCurrent } from '../../../../domain/tenant/quota.ts';
import { NOW } from '../../../support/jobs.ts';

test.each<[string, number, number, number]>([
  ['holds for a second when the quota is small', 3, 4, 1000],
  ['holds for a millisecond for each waiting job, also above the quota', 80_000, 100_000, 80_000],
  ['holds for as long as intake needs to fill the room below the quota', 0, 100_000, 25_000],
  ['holds for that room while it is the larger part', 10_000, 100_000, 22_500],
])('a count %s', (_, count, quota, validMs) => {
  expect(isCurrent({ count, atMs: NOW }, quota, NOW + validMs - 1)).toBe(true);
  expect(isCurrent({ count, atMs: NOW }, quota, NOW + validMs)).toBe(false);
});
