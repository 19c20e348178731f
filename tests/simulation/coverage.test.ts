/** What a run of the simulator is held to. */
import { describe, expect, test } from '@jest/globals';
import { passes } from './coverage.ts';

describe('a run of the simulator', () => {
  test.each([
    ['passes when every promise was kept and every point reached', 0, 0, true, true],
    ['fails when one promise was broken', 1, 0, true, false],
    ['fails when it is full and one point was not reached', 0, 1, true, false],
    ['passes when it is small, every promise was kept and points were not reached', 0, 12, false, true],
    ['fails when it is small and one promise was broken', 1, 12, false, false],
  ])('%s', (_title, broken, missed, full, passed) => {
    expect(passes(broken, missed, full)).toBe(passed);
  });
});
