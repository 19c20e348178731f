import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { advance } from '../../../../domain/job/advance.ts';
import {
  applyWorkerMessage,
  type Container,
  claim,
  holds,
  type RunFacts,
} from '../../../../domain/job/claim.ts';
import { type JobRecord, JobState } from '../../../../domain/job/job.ts';
import { context, FIRST, jobIn, NONCE, SECOND } from '../../../support/jobs.ts';

const me: Container = { attempt: 1, runId: FIRST, try: 1, nonce: NONCE };
const other: Container = { attempt: 1, runId: SECOND, try: 1, nonce: 'o'.repeat(26) };
const thief: Container = { ...me, nonce: 't'.repeat(26) };
/** What AWS Batch says of a Batch job of which so many tries have ended. */
const endedTries = (tries: number): RunFacts => ({ kind: 'known', tries });
const laterTry: Container = { ...me, try: 2 };
const committed = { kind: 'committed', result: { inline: { pages: 3 } } } as const;

function claimedBy(job: JobRecord, container: Container): JobRecord {
  const verdict = claim(job, container, context, endedTries(container.try - 1));
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
      claim: { runId: FIRST, try: 1, nonce: NONCE },
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
    [
      'that repeats the claim of another with a nonce of its own',
      jobIn('running'),
      thief,
      'claimed_by_another',
    ],
  ])('not one %s', (_, job, container, why) => {
    expect(claim(job, container, context, endedTries(container.try - 1))).toEqual({
      kind: 'superseded',
      why,
    });
  });

  test('the run on Lambda that holds the claim of a cancelled job is answered again, so that it can say its end', () => {
    const run: Container = { ...me, runId: 'lambda:0b7f2d55-1111-4222-8333-444455556666' };
    const cancelled = jobIn('cancelling', { runId: run.runId, claim: run });
    expect(claim(cancelled, run, context)).toEqual({ kind: 'mine' });
    const superseded = { kind: 'superseded', why: 'job_cancelling' };
    expect(claim(cancelled, { ...run, nonce: thief.nonce }, context)).toEqual(superseded);
    expect(claim(jobIn('cancelling', { claim: me }), me, context)).toEqual(superseded);
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
      claim: { runId: FIRST, try: 2, nonce: NONCE },
      order: { tries: 1, rank: 3 },
    });
  });
});

describe('what a container says of itself is no fact', () => {
  test.each<[string, JobRecord, Container]>([
    ['its Batch job, before the answer to SubmitJob is on the record', jobIn('submitting'), me],
    ['a Batch job that the record does not know', jobIn('submitted'), other],
    ['a try that the record does not know', jobIn('submitted'), laterTry],
    ['a try after the one that holds the claim', jobIn('running'), laterTry],
  ])('%s', (_, job, container) => {
    expect(claim(job, container, context)).toEqual({ kind: 'unproven' });
    expect(claim(job, container, context, { kind: 'unknown' })).toEqual({ kind: 'unproven' });
    expect(claim(job, container, context, endedTries(container.try - 1)).kind).toBe('claim');
  });

  test('a try that AWS Batch has not begun', () => {
    expect(claim(jobIn('submitted'), { ...me, try: 3 }, context, endedTries(1))).toEqual({
      kind: 'unproven',
    });
  });

  test('a try that AWS Batch has given up already', () => {
    const superseded = { kind: 'superseded', why: 'later_try_known' };
    expect(claim(jobIn('submitting'), me, context, endedTries(1))).toEqual(superseded);
  });

  test('the first try of the Batch job on the record needs no fact', () => {
    expect(claim(jobIn('submitted'), me, context).kind).toBe('claim');
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
    ['a container with another nonce', jobIn('running'), thief],
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
    nonce: fc.constantFrom(NONCE, 't'.repeat(26)),
  });

  test('at most one holds the job, and a try that was passed never holds it again', () => {
    fc.assert(
      fc.property(fc.array(containers, { maxLength: 12 }), (arrivals) => {
        let job: JobRecord = jobIn('submitting');
        let highest = 0;
        for (const container of arrivals) {
          const verdict = claim(job, container, context, endedTries(container.try - 1));
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
