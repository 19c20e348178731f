/** The noisy demo compares a tenant with itself, and rounds of equal size. */
import { describe, expect, test } from '@jest/globals';
import { compare, comparisonText, waitsOf } from '../../../demo/comparison.ts';

describe('what a tenant waits beside a noisy one', () => {
  const alone = [
    [10, 20, 100],
    [10, 30, 110],
    [10, 40, 900],
  ];

  test('is compared with its own rounds: the middle one of the medians, and of the slowest', () => {
    expect(compare(alone, [20, 60, 220])).toEqual({
      alone: { median: 30, slowest: 110 },
      beside: { median: 60, slowest: 220 },
      times: { median: 2, slowest: 2 },
    });
  });

  test('is said with both figures', () => {
    expect(comparisonText('quiet-1', compare(alone, [20, 60, 220]))).toBe(
      'quiet-1: median 60 ms beside, 30 ms alone (2.0 times); slowest 220 ms beside, 110 ms alone (2.0 times)',
    );
  });

  test('is not compared with more jobs, of which one is slower by their number alone', () => {
    expect(() => compare([alone.flat()], [20, 60, 220])).toThrow('different sizes');
  });

  test('is at least a millisecond, so that nothing is infinitely slower', () => {
    expect(compare([[0, 0]], [0, 3]).times).toEqual({ median: 3, slowest: 3 });
    expect(waitsOf([])).toEqual({ median: 0, slowest: 0 });
  });
});
