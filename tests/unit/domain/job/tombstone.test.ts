/** A cancel that overtook its job. */
import { describe, expect, test } from '@jest/globals';
import { binds, tombstoneFor } from '../../../../domain/job/tombstone.ts';
import { JOB_ID, NOW } from '../../../support/jobs.ts';

const MINUTES = 60_000;

describe('a cancel that arrived before its job', () => {
  const left = tombstoneFor(JOB_ID, 'acme', NOW);

  test.each([
    ['cancels the job that arrives at the same moment', 'acme', 0, true],
    ['cancels the job that arrives within 15 minutes', 'acme', 15 * MINUTES - 1, true],
    ['does not touch a job of the same key 15 minutes later', 'acme', 15 * MINUTES, false],
    ['does not touch a job of another tenant', 'globex', 0, false],
  ])('%s', (_title, tenantId, afterMs, expected) => {
    expect(binds(left, tenantId, NOW + afterMs)).toBe(expected);
  });

  test('is kept under the id of the job it is for', () => {
    expect(left).toEqual({ tombstone: true, jobId: JOB_ID, tenantId: 'acme', untilMs: NOW + 15 * MINUTES });
  });
});
