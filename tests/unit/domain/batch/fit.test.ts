import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { fitOf, needsInput } from '../../../../domain/batch/fit.ts';
import type { JobType } from '../../../../domain/job/job-type.ts';
import { jobTypes } from '../../../../job-types.ts';
import { jobIn } from '../../../support/jobs.ts';

const sleep = jobTypes.get('demo.sleep') as JobType; // registered
const tightened: JobType = { ...sleep, input: z.strictObject({ seconds: z.int().max(60) }) };
const withoutCommand: JobType = {
  ...jobTypes.get('csv.summarise'),
  ...{ input: tightened.input },
} as JobType; // registered
const waiting = jobIn('waiting', { jobType: 'demo.sleep', input: { seconds: 61 } });

describe('a job whose type this version cannot use is kept', () => {
  test('because it is not registered: a newer version has accepted it (F76)', () => {
    expect(fitOf(waiting, undefined, 'call', waiting.input)).toMatchObject({ kind: 'unavailable' });
  });

  test('because its code throws', () => {
    const broken: JobType = {
      ...sleep,
      parameters: () => {
        throw new TypeError('canary');
      },
    };
    const input = { seconds: 1 };
    const fit = fitOf(jobIn('waiting', { jobType: 'demo.sleep', input }), broken, 'call', input);
    expect(fit).toEqual({
      kind: 'unavailable',
      reason: 'The code of the job type demo.sleep throws TypeError.',
    });
  });
});

describe('a job whose schema was tightened while it waited', () => {
  test.each([
    ['with a command line of its own', tightened],
    ["with Headgate's own worker", withoutCommand],
  ])('%s fails before a container starts, as an input that is invalid (F84)', (_, type) => {
    for (const plan of ['begin', 'wait_for_slot', 'call'] as const) {
      expect(fitOf(waiting, type, plan, waiting.input)).toMatchObject({
        kind: 'unfit',
        failure: {
          class: 'invalid_input',
          code: 'input_invalid',
          message: expect.stringContaining('/input/seconds'),
        },
      });
    }
  });

  test.each(['resolve', 'terminate', 'give_up', 'later'] as const)(
    'is not failed while the plan is to %s: AWS Batch may have it, or it is not its time',
    (plan) => expect(fitOf(waiting, tightened, plan, waiting.input)).toMatchObject({ kind: 'fits' }),
  );

  test('is left to the worker when its input is behind inputRef', () => {
    const behind = jobIn('waiting', { input: undefined, inputRef: 's3://jobs/tenants/acme/inputs/a.json' });
    expect(fitOf(behind, withoutCommand, 'call', undefined)).toMatchObject({ kind: 'fits' });
  });

  test('needs its input, wherever that is, only for a call of SubmitJob that has it as arguments', () => {
    expect(needsInput(sleep, 'call')).toBe(true);
    expect(needsInput(sleep, 'terminate')).toBe(false);
    expect(needsInput(jobTypes.get('csv.summarise'), 'call')).toBe(false);
    expect(needsInput(undefined, 'call')).toBe(false);
  });
});
