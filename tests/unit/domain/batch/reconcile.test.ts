/** What tick does about a job that has fallen due. */
import { describe, expect, test } from '@jest/globals';
import { absence, planRepair, postponed } from '../../../../domain/batch/reconcile.ts';
import { JobState } from '../../../../domain/job/job.ts';
import { FIRST, jobIn, NOW } from '../../../support/jobs.ts';

const MINUTES = 60_000;

describe('a job that Batch does not show', () => {
  test.each([
    ['is only noted the first time', undefined, 'absent'],
    ['is only noted the second time', 1, 'absent'],
    ['is lost the third time in a row', 2, 'lost'],
    ['stays lost when it is asked about once more', 3, 'lost'],
  ])('%s', (_title, absences, kind) => {
    expect(absence(jobIn('submitted', { absences }))).toEqual({ kind });
  });
});

describe('tick', () => {
  const queued = { queued: true, stateAt: NOW } as const;
  const progress = { done: 1, at: NOW };
  test.each([
    [
      'does nothing about a job that is over and settled',
      jobIn('succeeded', { settled: true }),
      { kind: 'nothing' },
    ],
    ['sends what a job that is over still owes', jobIn('succeeded'), { kind: 'dispatch' }],
    ['sends the message of a job that waits', jobIn('waiting'), { kind: 'dispatch' }],
    ['sends the message of a job whose attempt is to be repeated', jobIn('retrying'), { kind: 'dispatch' }],
    [
      'asks Batch about a job that Batch has accepted',
      jobIn('submitted'),
      { kind: 'describe', runId: FIRST },
    ],
    ['asks Batch about a job that is being ended', jobIn('cancelling'), { kind: 'describe', runId: FIRST }],
    [
      'asks Batch when a claim named the Batch job of an open call',
      jobIn('submitting', { runId: FIRST }),
      { kind: 'describe', runId: FIRST },
    ],
    ['leaves a job in the waiting list to the gate', jobIn('waiting', queued), { kind: 'waits' }],
    [
      'ends a job that has not started in time',
      jobIn('waiting', { startBy: NOW }),
      { kind: 'give_up', why: 'expire' },
    ],
    [
      'ends a job that has not ended in time',
      jobIn('running', { deadlineAt: NOW }),
      { kind: 'give_up', why: 'deadline' },
    ],
    [
      'lets a job go on until its deadline',
      jobIn('running', { deadlineAt: NOW + 1 }),
      { kind: 'describe', runId: FIRST },
    ],
    [
      'tells of fresh progress instead of asking',
      jobIn('running', { progress, progressVersion: 5 }),
      { kind: 'publish_progress' },
    ],
  ])('%s', (_title, job, repair) => {
    expect(planRepair(job, NOW)).toEqual(repair);
  });

  test.each([
    [2 * MINUTES - 1, 'publish_progress'],
    [2 * MINUTES, 'describe'],
  ])('counts a container as silent by the age of its progress, %i ms: %s', (afterMs, kind) => {
    const job = jobIn('running', { progress, progressVersion: 5 });
    expect(planRepair(job, NOW + afterMs).kind).toBe(kind);
  });

  test.each(JobState.options)(
    'changes nothing but the time of the next look when it puts off a job that is %s',
    (state) => {
      const job = jobIn(state, { dueAt: NOW });
      const { dueAt = 0, ...rest } = postponed(job, NOW);
      expect(dueAt).toBeGreaterThan(NOW);
      expect({ ...rest, dueAt: NOW }).toEqual({ ...job, version: job.version + 1 });
    },
  );
});
