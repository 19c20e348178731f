/** Which jobs share a roll, and how long it stays. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { afterLook, rollsOf } from '../../../../domain/due/roll.ts';
import { parseRollKey, rollKey } from '../../../../io/table/due/rolls.ts';
import { jobIdNo } from '../../../conformance/names.ts';
import { aJob, NOW } from '../../../support/jobs.ts';

const someJobs = fc.array(
  fc.record({ n: fc.nat(40), tenantId: fc.constantFrom('acme', 'globex'), lateMs: fc.nat(1) }),
  { maxLength: 120 },
);

test('jobs share a roll with jobs of their tenant and their time alone', () => {
  fc.assert(fc.property(someJobs, sharing));
});

function sharing(asked: readonly { n: number; tenantId: string; lateMs: number }[]): void {
  const jobs = asked.map(({ n, tenantId, lateMs }) =>
    aJob({ jobId: jobIdNo(n), tenantId, createdAt: NOW, dueAt: NOW + lateMs }),
  );
  const rolls = rollsOf(jobs);
  for (const { roll, jobs: members } of rolls) {
    expect(roll.jobIds.length).toBeGreaterThan(1);
    expect(roll.jobIds.length).toBeLessThanOrEqual(25);
    expect(new Set(roll.jobIds).size).toBe(roll.jobIds.length);
    for (const { jobId, tenantId, dueAt } of members)
      expect({ tenantId, dueAt, isNamed: roll.jobIds.includes(jobId) }).toEqual({
        tenantId: roll.tenantId,
        dueAt: roll.dueAt,
        isNamed: true,
      });
  }
  const members = rolls.flatMap((each) => each.jobs);
  expect(new Set(members).size).toBe(members.length);
}

test.each([2, 10, 25])('a roll of %i jobs is known again by its key, which DynamoDB takes', (count) => {
  const jobIds = Array.from({ length: count }, (_, n) => jobIdNo(n));
  const roll = { tenantId: 'a'.repeat(64), createdAt: NOW, jobIds };
  const key = rollKey(roll);
  expect(parseRollKey(key)).toEqual(roll);
  expect(key.sk.length).toBeLessThanOrEqual(1024);
});

test('a roll whose jobs have all been looked at is closed', () => {
  expect(afterLook({ tenantId: 'acme', createdAt: NOW, jobIds: [] }, 0, NOW + 70_000)).toEqual({
    kind: 'close',
  });
});

test('a roll with an absent job is looked at again for an hour, in which its record may still come', () => {
  const roll = { tenantId: 'acme', createdAt: NOW, jobIds: [jobIdNo(1)] };
  expect(afterLook(roll, 1, NOW + 3_600_000)).toEqual({ kind: 'keep', dueAt: NOW + 4_200_000 });
  expect(afterLook(roll, 1, NOW + 3_600_001)).toEqual({ kind: 'close' });
});
