/** What the end of one job means for another that waits for it. */
import { expect, test } from '@jest/globals';
import type { Condition } from '../../../../domain/dependency/dependency.ts';
import { breaks, type Found, verdictOn } from '../../../../domain/dependency/verdict.ts';
import type { JobChange, JobState } from '../../../../domain/job/job.ts';
import { JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const CHILD = `job_${'c'.repeat(26)}`;

const job = (state: JobState, change: JobChange = {}): Found => ({ kind: 'job', job: jobIn(state, change) });
const judged = (found: Found, condition: Condition, holds = false) =>
  verdictOn(JOB_ID, found, { tenantId: 'acme', condition, holds, nowMs: NOW });
const told = (found: Found, condition: Condition, holds = false) => {
  const verdict = judged(found, condition, holds);
  return verdict.kind === 'broken' ? `${verdict.ends} ${verdict.failure.code}` : verdict.kind;
};

test.each([
  ['succeeded', 'met', 'met', 'unneeded dependency_not_needed'],
  ['failed', 'unmet dependency_failed', 'met', 'met'],
  ['expired', 'unmet dependency_failed', 'met', 'met'],
  ['cancelled', 'unneeded dependency_cancelled', 'met', 'unneeded dependency_cancelled'],
  ['running', 'pending', 'pending', 'pending'],
  ['blocked', 'pending', 'pending', 'pending'],
] as const)(
  'a job that is %s: to succeed %s, to finish %s, to fail %s',
  (state, succeeds, finishes, fails) => {
    const found = job(state);
    expect([told(found, 'succeeded'), told(found, 'finished'), told(found, 'failed')]).toEqual([
      succeeds,
      finishes,
      fails,
    ]);
  },
);

test('a job that has not come is waited for, and one that was cancelled before it came is not', () => {
  const tombstone = (tenantId: string, untilMs: number): Found => ({
    kind: 'tombstone',
    tombstone: { tombstone: true, jobId: JOB_ID, cancels: { [tenantId]: untilMs }, revision: 1 },
  });
  expect(told({ kind: 'nothing' }, 'succeeded')).toBe('pending');
  expect(told(tombstone('acme', NOW + 1), 'succeeded')).toBe('unneeded dependency_cancelled');
  expect(told(tombstone('acme', NOW + 1), 'finished')).toBe('met');
  expect(told(tombstone('acme', NOW), 'succeeded')).toBe('pending');
  expect(told(tombstone('globex', NOW + 1), 'succeeded')).toBe('pending');
});

test("another tenant's job is like one that has not come, whatever its state (M71)", () => {
  for (const state of ['succeeded', 'failed', 'cancelled', 'running'] as const) {
    const foreign: Found = { kind: 'job', job: { ...jobIn(state), tenantId: 'globex' } };
    for (const condition of ['succeeded', 'finished', 'failed'] as const)
      expect(judged(foreign, condition)).toEqual(judged({ kind: 'nothing' }, condition));
  }
});

test('a failed job is held for until it is redriven or discarded, and then its child or the discard decides', () => {
  const discarded = { discarded: { reason: 'given up', at: NOW } };
  expect(told(job('failed'), 'succeeded', true)).toBe('pending');
  expect(told(job('failed', discarded), 'succeeded', true)).toBe('unmet dependency_failed');
  expect(told(job('expired'), 'succeeded', true)).toBe('unmet dependency_failed');
  for (const holds of [true, false])
    expect(judged(job('failed', { redrivenAs: CHILD }), 'succeeded', holds)).toEqual({
      kind: 'redriven',
      jobId: CHILD,
    });
  expect(told(job('failed', { redrivenAs: CHILD }), 'failed')).toBe('met');
});

test('the job whose end was the first is named, through any number of others', () => {
  const failure = { class: 'invalid_input', code: 'dependency_failed', message: '', root: CHILD } as const;
  expect(judged(job('failed', { failure }), 'succeeded')).toMatchObject({ failure: { root: CHILD } });
  expect(judged(job('failed'), 'succeeded')).toMatchObject({ failure: { root: JOB_ID } });
});

test('an end breaks only what cannot be met any more', () => {
  const ends = { condition: 'succeeded', holds: false } as const;
  expect(breaks(jobIn('failed'), ends)).toBe(true);
  expect(breaks(jobIn('failed'), { ...ends, holds: true })).toBe(false);
  expect(breaks(jobIn('succeeded'), ends)).toBe(false);
  expect(breaks(jobIn('running'), ends)).toBe(false);
});
