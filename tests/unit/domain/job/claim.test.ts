import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance } from '../../../../domain/job/advance.ts';
import { applyWorkerMessage, type Container, claim, holds } from '../../../../domain/job/claim.ts';
import { type JobRecord, JobState } from '../../../../domain/job/job.ts';
import { context, FIRST, jobIn, SECOND } from '../../../support/jobs.ts';

const me: Container = { attempt: 1, runId: FIRST, try: 1 };
const other: Container = { attempt: 1, runId: SECOND, try: 1 };
const laterTry: Container = { ...me, try: 2 };
const committed = { kind: 'committed', result: { inline: { pages: 3 } } } as const;

function claimedBy(job: JobRecord, container: Container): JobRecord {
  const verdict = claim(job, container, context);
  if (verdict.kind !== 'claim') throw new Error(verdict.kind);
  return verdict.next;
}

describe('which container may begin', () => {
  test.each<[string, JobRecord]>([
    ['the reply to SubmitJob was lost', jobIn('submitting')],
    ['Batch has it', jobIn('submitted')],
    ['its image was pulled', jobIn('starting')],
    ['the event was faster', jobIn('running', { claim: undefined })],
    [
      'the reply named another Batch job: the claim moves the authority',
      jobIn('submitted', { runId: SECOND }),
    ],
  ])('the first one, when %s', (_, job) => {
    expect(claimedBy(job, me)).toMatchObject({
      state: 'running',
      runId: FIRST,
      claim: { runId: FIRST, try: 1 },
      order: { tries: 0, rank: 3 },
      version: job.version + 1,
    });
  });

  test.each<[string, JobRecord, Container, string]>([
    ['of an earlier attempt', jobIn('submitting', { attempt: 2 }), me, 'other_attempt'],
    ['of an attempt not yet made', jobIn('running'), { ...me, attempt: 2 }, 'other_attempt'],
    ['that was refused', jobIn('submitting', { refused: [FIRST] }), me, 'refused'],
    ['when another has the claim', jobIn('running'), other, 'claimed_by_another'],
    ['of an earlier try, on a host given up', claimedBy(jobIn('running'), laterTry), me, 'later_try_runs'],
  ])('not one %s', (_, job, container, why) => {
    expect(claim(job, container, context)).toEqual({ kind: 'superseded', why });
  });

  test.each(JobState.options.filter((s) => !['submitting', 'submitted', 'starting', 'running'].includes(s)))(
    'none when the job is %s (F50)',
    (state) => {
      const unclaimed = jobIn(state, { claim: undefined });
      expect(claim(unclaimed, me, context)).toEqual({ kind: 'superseded', why: `job_${state}` });
      expect(claim(jobIn(state, { claim: me }), me, context).kind).toBe('superseded');
    },
  );

  test('asking twice changes nothing', () => {
    expect(claim(claimedBy(jobIn('submitted'), me), me, context)).toEqual({ kind: 'mine' });
  });

  test("a later try of the same Batch job takes over from Batch's earlier one", () => {
    expect(claimedBy(claimedBy(jobIn('submitted'), me), laterTry)).toMatchObject({
      claim: { runId: FIRST, try: 2 },
      order: { tries: 1, rank: 3 },
    });
  });
});

describe('whose word the record takes', () => {
  test("the holder's result, progress and reported failure", () => {
    const job = jobIn('running');
    const progress = { done: 1, total: 3 };
    const reportedFailure = { code: 'try_later', message: 'Not now.' };
    expect(applyWorkerMessage(job, me, committed, context)?.result).toEqual(committed.result);
    expect(applyWorkerMessage(job, me, { kind: 'progressed', progress }, context)?.progress).toEqual({
      ...progress,
      at: context.nowMs,
    });
    expect(
      applyWorkerMessage(job, me, { kind: 'reported_failure', reportedFailure }, context)?.reportedFailure,
    ).toEqual(reportedFailure);
  });

  test('only the beginning of what it says, so that the record keeps room for its end (F44)', () => {
    const job = jobIn('running');
    const words = `${'é'.repeat(999)}😀`.repeat(300);
    const reportedFailure = { code: 'try_later', message: words };
    const kept = `${'é'.repeat(999)}\ufffd`;
    expect(
      applyWorkerMessage(job, me, { kind: 'reported_failure', reportedFailure }, context)?.reportedFailure
        ?.message,
    ).toBe(kept);
    const progress = { done: 1, note: words };
    expect(applyWorkerMessage(job, me, { kind: 'progressed', progress }, context)?.progress?.note).toBe(kept);
  });

  test('the holder also while the job is being cancelled: what is done is done', () => {
    expect(applyWorkerMessage(jobIn('cancelling'), me, committed, context)).toMatchObject({
      state: 'cancelling',
      result: committed.result,
    });
  });

  test.each<[string, JobRecord, Container]>([
    ['another Batch job', jobIn('running'), other],
    ['a container that never claimed', jobIn('running', { claim: undefined }), me],
    ['an earlier try of the same Batch job', claimedBy(jobIn('running'), laterTry), me],
    ['a later try that has not claimed yet', jobIn('running'), laterTry],
    ['an earlier attempt', jobIn('running', { attempt: 2 }), me],
    ['the holder, once the job is final', jobIn('failed'), me],
    ['the holder, once Batch said that the attempt ended', jobIn('retrying'), me],
  ])('not that of %s', (_, job, container) => {
    expect(applyWorkerMessage(job, container, committed, context)).toBeUndefined();
  });

  test("between attempts the old container's result stays out of the next one", () => {
    const next = advance(jobIn('retrying'), { kind: 'due' }, context);
    expect(next && applyWorkerMessage(next, me, committed, context)).toBeUndefined();
  });
});

describe('however containers come, fail and come again', () => {
  const containers = fc.record({
    attempt: fc.constantFrom(1, 2),
    runId: fc.constantFrom(FIRST, SECOND),
    try: fc.integer({ min: 1, max: 3 }),
  });

  test('at most one holds the job, and a try that was passed never holds it again', () => {
    fc.assert(
      fc.property(fc.array(containers, { maxLength: 12 }), (arrivals) => {
        let job: JobRecord = jobIn('submitting');
        let highest = 0;
        for (const container of arrivals) {
          const verdict = claim(job, container, context);
          if (verdict.kind === 'claim') job = verdict.next;
          expect(verdict.kind !== 'superseded').toBe(holds(job, container));
          const holders = new Set(arrivals.filter((c) => holds(job, c)).map((c) => JSON.stringify(c)));
          expect(holders.size).toBeLessThanOrEqual(1);
          expect(job.claim?.try ?? 0).toBeGreaterThanOrEqual(highest);
          highest = job.claim?.try ?? 0;
        }
      }),
    );
  });
});
