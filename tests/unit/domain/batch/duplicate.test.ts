import { describe, expect, test } from '@jest/globals';
import { mayEnd, refusing } from '../../../../domain/job/attempt.ts';
import { claim } from '../../../../domain/job/claim.ts';
import type { JobRecord } from '../../../../domain/job/job.ts';
import { context, FIRST, jobIn, SECOND } from '../../../support/jobs.ts';

const duplicate = { attempt: 1, runId: SECOND };

describe('a second Batch job of an attempt', () => {
  test('may be ended only after its refusal is on the record, and then cannot claim (F65)', () => {
    const job = jobIn('submitted');
    expect(mayEnd(job, duplicate)).toBe(false);
    const refused = refusing(job, duplicate);
    expect(refused).toMatchObject({ refused: [SECOND], version: job.version + 1, stateVersion: 4 });
    expect(refused && mayEnd(refused, duplicate)).toBe(true);
    expect(refused && claim(refused, { ...duplicate, try: 1, nonce: 'nonce' }, context)).toEqual({
      kind: 'superseded',
      why: 'refused',
    });
  });

  test('joins those refused before', () => {
    expect(refusing(jobIn('submitted', { refused: ['third'] }), duplicate)?.refused).toEqual([
      'third',
      SECOND,
    ]);
  });

  test.each<[string, JobRecord, boolean]>([
    ['no owner is known yet: it may be the owner', jobIn('submitting'), false],
    ['it is the owner', jobIn('running', { runId: SECOND }), false],
    ['it was refused before', jobIn('submitted', { refused: [SECOND] }), true],
    ['the job is final', jobIn('failed'), true],
    ['the attempt is over', jobIn('submitting', { attempt: 2 }), true],
    ['the attempt waits for the next', jobIn('retrying'), true],
  ])('needs no refusal when %s', (_, job, endable) => {
    expect(refusing(job, duplicate)).toBeUndefined();
    expect(mayEnd(job, duplicate)).toBe(endable);
  });

  test('of an attempt that does not exist yet is left alone', () => {
    expect(mayEnd(jobIn('retrying'), { attempt: 2, runId: FIRST })).toBe(false);
  });
});
