/** Metric math as CloudWatch reads it, for the expressions that alarms have. */
import { describe, expect, test } from '@jest/globals';
import { readExpression } from '../../../local/metrics/expression.ts';

const scope = new Map([
  ['a', 6],
  ['b', 3],
  ['none', undefined],
]);

describe('an expression of metric math', () => {
  test.each<[string, number | undefined]>([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['a / b / 2', 1],
    ['a>=6', 1],
    ['a > 6', 0],
    ['a == b * 2', 1],
    ['IF(a > b, 100 * a / (a + b), 0)', 600 / 9],
    ['IF(a < b, 1, 0.5)', 0.5],
    ['FILL(none, 4) + b', 7],
    ['FILL(a, 4)', 6],
    ['SUM(METRICS())', 9],
    ['none', undefined],
    ['none + 1', undefined],
    ['a / (b - 3)', undefined],
    ['IF(none, 1, 2)', undefined],
    // A branch that has no value is not asked for.
    ['IF(b > 5, a / 0, 7)', 7],
  ])('%s is %s', (text, expected) => expect(readExpression(text)(scope)).toBe(expected));

  test('a sum of metrics that all lack a number has none', () => {
    expect(readExpression('SUM(METRICS())')(new Map([['a', undefined]]))).toBeUndefined();
  });

  test.each([
    '',
    '1 +',
    '(1',
    '1)',
    'a b',
    'AVG(METRICS())',
    'SUM(a)',
    'IF(a, b)',
    'FILL(a)',
    'Metric',
    'a; b',
    '-1',
  ])('%j is refused', (text) => expect(() => readExpression(text)).toThrow(text));
});
