/** The order in which jobs are redriven that wait for each other. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redriveRounds } from '../../../../domain/dependency/redrive-order.ts';
import '../../../support/properties.ts';

const waiting = fc
  .array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 12 })
  .map((all) => all.map((awaits, place) => ({ jobId: `${place}`, awaits: awaits.map(String) })));

test('each job is redriven once, and none before one that it waits for, unless those wait for each other', () => {
  fc.assert(
    fc.property(waiting, (jobs) => {
      const rounds = redriveRounds(jobs);
      expect(
        rounds
          .flat()
          .map(({ jobId }) => jobId)
          .toSorted(),
      ).toEqual(jobs.map(({ jobId }) => jobId).toSorted());
      const before = new Set<string>();
      const ours = new Set(jobs.map(({ jobId }) => jobId));
      for (const round of rounds.slice(0, -1)) {
        for (const { awaits } of round)
          for (const id of awaits) if (ours.has(id)) expect(before).toContain(id);
        for (const { jobId } of round) before.add(jobId);
      }
    }),
  );
});

test('jobs that wait for each other come last', () => {
  const jobs = [
    { jobId: 'a', awaits: ['b'] },
    { jobId: 'b', awaits: ['a'] },
    { jobId: 'c', awaits: ['elsewhere'] },
  ];
  expect(redriveRounds(jobs).map((round) => round.map(({ jobId }) => jobId))).toEqual([['c'], ['a', 'b']]);
});
