import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EvaluateOnExit } from '../../../../local/batch/definitions/retry-strategy.ts';
import { type TryEnd, triesAgain } from '../../../../local/batch/jobs/retry.ts';

const HOST_LOST: TryEnd = { statusReason: 'Host EC2 (instance i-0abc) terminated.' };
const EXITED_75: TryEnd = { statusReason: 'Essential container in task exited', exitCode: 75 };
const NO_IMAGE: TryEnd = { statusReason: 'Task failed to start', reason: 'CannotPullContainerError: no' };

const RETRY_HOST = { onStatusReason: 'Host EC2*', action: 'RETRY' };
const RETRY_75 = { onExitCode: '75', action: 'retry' };
const EXIT_REST = { onReason: '*', action: 'EXIT' };

describe('which failed tries are made again', () => {
  test.each<[string, EvaluateOnExit[], TryEnd, boolean]>([
    ['no rules: retried', [], EXITED_75, true],
    ['no rule matches: retried', [{ onExitCode: '1', action: 'EXIT' }], EXITED_75, true],
    ['the first match wins', [RETRY_75, EXIT_REST], EXITED_75, true],
    ['a later match does not', [EXIT_REST, RETRY_75], EXITED_75, false],
    ['a prefix of the task reason', [RETRY_HOST, EXIT_REST], HOST_LOST, true],
    ['the catch-all matches an absent reason', [RETRY_HOST, EXIT_REST], EXITED_75, false],
    ['a prefix of the container reason', [{ onReason: 'CannotPull*', action: 'EXIT' }], NO_IMAGE, false],
    [
      'without the asterisk a prefix is no match',
      [{ onReason: 'CannotPull', action: 'EXIT' }],
      NO_IMAGE,
      true,
    ],
    ['a prefix of the exit code', [{ onExitCode: '7*', action: 'EXIT' }], EXITED_75, false],
    ['a code is not a prefix of itself', [{ onExitCode: '7', action: 'EXIT' }], EXITED_75, true],
    ['an absent exit code matches no number', [{ onExitCode: '1*', action: 'EXIT' }], HOST_LOST, true],
    [
      'all conditions of a rule must match',
      [{ ...RETRY_75, onReason: 'x', action: 'EXIT' }],
      EXITED_75,
      true,
    ],
    ['the action is read without case', [{ onReason: '*', action: 'exit' }], EXITED_75, false],
  ])('%s', (_, evaluateOnExit, end, expected) => {
    expect(triesAgain({ attempts: 2, evaluateOnExit }, 1, end)).toBe(expected);
  });

  test('no rule buys more tries than the strategy has', () => {
    const rules = fc.array(fc.constantFrom(RETRY_HOST, RETRY_75, EXIT_REST), { maxLength: 5 });
    const ends = fc.constantFrom(HOST_LOST, EXITED_75, NO_IMAGE);
    fc.assert(
      fc.property(
        rules,
        ends,
        fc.integer({ min: 1, max: 10 }),
        fc.nat(10),
        (evaluateOnExit, end, attempts, over) => {
          expect(triesAgain({ attempts, evaluateOnExit }, attempts + over, end)).toBe(false);
        },
      ),
    );
  });
});
