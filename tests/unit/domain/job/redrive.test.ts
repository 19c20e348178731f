/** A failed job and the job it is run again as. */
import { describe, expect, it } from '@jest/globals';
import { JobState } from '../../../../domain/job/job.ts';
import { classifyRedrive, redrivenAs } from '../../../../domain/job/redrive.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';

const parent = jobIn('failed');
const { tenantId, fingerprint } = parent;
const CHILD = `job_${'c'.repeat(26)}`;

describe('a dead letter that is redriven', () => {
  it('runs again as a job of its own', () => {
    expect(classifyRedrive(parent, tenantId, fingerprint)).toEqual({ kind: 'child' });
  });

  it.each(JobState.options.filter((state) => state !== 'failed'))(
    'runs nothing when its job is %s',
    (state) => {
      const verdict = classifyRedrive(jobIn(state), tenantId, fingerprint);
      expect(verdict).toEqual({ kind: 'ignored', why: 'not_failed' });
    },
  );

  it('runs nothing when an operator has discarded its job', () => {
    const discarded = jobIn('failed', { discarded: { reason: 'A test.', at: NOW } });
    expect(classifyRedrive(discarded, tenantId, fingerprint)).toEqual({ kind: 'ignored', why: 'discarded' });
  });

  it.each([
    ['another tenant', 'globex', fingerprint],
    ['another body', tenantId, 'e'.repeat(26)],
  ])('is refused with %s than its job has', (_title, letterTenant, letterFingerprint) => {
    expect(classifyRedrive(parent, letterTenant, letterFingerprint)).toEqual({ kind: 'conflict' });
  });

  it('is refused with another body even when its job was discarded', () => {
    const discarded = jobIn('failed', { discarded: { reason: 'A test.', at: NOW } });
    expect(classifyRedrive(discarded, tenantId, 'e'.repeat(26))).toEqual({ kind: 'conflict' });
  });
});

describe('the failed job', () => {
  it('names the job it is run again as', () => {
    const expected = { ...parent, redrivenAs: CHILD, version: parent.version + 1 };
    expect(redrivenAs(parent, CHILD, NOW)).toEqual(expected);
  });

  it('is not written again when it names that job already', () => {
    expect(redrivenAs(jobIn('failed', { redrivenAs: CHILD }), CHILD, NOW)).toBeUndefined();
  });
});
