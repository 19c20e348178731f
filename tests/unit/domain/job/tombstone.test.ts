/** A cancel that overtook its job. */
import { describe, expect, test } from '@jest/globals';
import {
  binds,
  endOf,
  StoredTombstone,
  tombstoneAfter,
  tombstoneOf,
} from '../../../../domain/job/tombstone.ts';
import { JOB_ID, NOW } from '../../../support/jobs.ts';

const MINUTES = 60_000;
const cancelBy = (tenantId: string, nowMs: number) => ({ jobId: JOB_ID, tenantId, nowMs });

describe('a cancel that arrived before its job', () => {
  const left = tombstoneAfter(undefined, cancelBy('acme', NOW));

  test.each([
    ['cancels the job that arrives at the same moment', 'acme', 0, true],
    ['cancels the job that arrives within 15 minutes', 'acme', 15 * MINUTES - 1, true],
    ['does not touch a job of the same key 15 minutes later', 'acme', 15 * MINUTES, false],
    ['does not touch a job of another tenant', 'globex', 0, false],
    ['is not taken for one of a tenant that is named like a part of JavaScript', 'constructor', 0, false],
  ])('%s', (_title, tenantId, afterMs, expected) => {
    expect(binds(left, tenantId, NOW + afterMs)).toBe(expected);
  });

  test('is kept under the id of the job it is for', () => {
    const cancels = { acme: NOW + 15 * MINUTES };
    expect(left).toEqual({ tombstone: true, jobId: JOB_ID, cancels, revision: 1 });
    expect(endOf(left)).toBe(NOW + 15 * MINUTES);
  });

  test('counts from the newest cancel of its tenant (F66)', () => {
    const again = tombstoneAfter(left, cancelBy('acme', NOW + 14 * MINUTES));
    expect(binds(again, 'acme', NOW + 20 * MINUTES)).toBe(true);
  });

  test('is not judged by an old tombstone that the table still keeps (F66)', () => {
    const again = tombstoneAfter(left, cancelBy('acme', NOW + 60 * MINUTES));
    expect(binds(again, 'acme', NOW + 61 * MINUTES)).toBe(true);
  });

  test("is not kept out by another tenant's cancel of a guessed id, and does not lengthen it (F67)", () => {
    const guessed = tombstoneAfter(undefined, cancelBy('globex', NOW));
    const both = tombstoneAfter(guessed, cancelBy('acme', NOW + 10 * MINUTES));
    expect(binds(both, 'acme', NOW + 20 * MINUTES)).toBe(true);
    expect(binds(both, 'globex', NOW + 20 * MINUTES)).toBe(false);
    expect(tombstoneAfter(both, cancelBy('acme', NOW + 20 * MINUTES)).cancels).not.toHaveProperty('globex');
  });

  test('is still read as it was written when it named one tenant', () => {
    const old = { tombstone: true, jobId: JOB_ID, tenantId: 'acme', untilMs: NOW + MINUTES };
    const read = tombstoneOf(StoredTombstone.parse(old));
    expect(read).toEqual({ tombstone: true, jobId: JOB_ID, cancels: { acme: NOW + MINUTES }, revision: 0 });
    expect(tombstoneAfter(read, cancelBy('globex', NOW)).cancels).toHaveProperty('acme', NOW + MINUTES);
  });
});
