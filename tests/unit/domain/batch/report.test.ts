import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  BatchJobDetail,
  type BatchReport,
  bothOf,
  classifyReport,
  parseReport,
  type ReportClass,
} from '../../../../domain/batch/report.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { acceptedOrder, claimOrder, isNewer, mustNotHold } from '../../../../domain/job/attempt.ts';
import { batchJobName } from '../../../../domain/job/identity.ts';
import type { JobRecord, Order } from '../../../../domain/job/job.ts';
import { workerExitCodes } from '../../../../domain/job/job-type.ts';
import { context, FIRST, JOB_ID, jobIn, NOW, SECOND } from '../../../support/jobs.ts';

interface Said {
  readonly attempt?: number;
  readonly by?: string;
  /** Tries that have ended. */
  readonly tries?: number;
  readonly status: string;
  /** The time of the event. */
  readonly at?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

function report({ attempt = 1, by = FIRST, tries = 0, status, tags, at }: Said): BatchReport {
  const attempts = Array.from({ length: tries }, () => ({ container: {} }));
  const detail = { jobId: by, jobName: batchJobName(JOB_ID, attempt), status, attempts, tags };
  const seen = parseReport({
    kind: 'batch_job',
    detail: BatchJobDetail.parse(detail),
    ...(at !== undefined && { at }),
  });
  if (seen.kind === 'ignored') throw new Error(seen.why);
  return seen.report;
}

describe('the log of a container at work', () => {
  const claimed = jobIn('running', { order: claimOrder(1) });
  const says = (more: object = {}) => {
    const seen = report({ status: 'RUNNING' });
    return { ...seen, detail: { ...seen.detail, container: { logStreamName: 'work/default/1' } }, ...more };
  };
  const verdict = (job: JobRecord, seen: BatchReport, logs?: 'tenant') =>
    classifyReport(job, seen, { exitCodes: workerExitCodes, logs }, NOW);

  test('is on the record of a job type that shows it, although the claim has said that it runs', () => {
    const seen = verdict(claimed, says(), 'tenant');
    if (seen.kind !== 'news') throw new Error(seen.kind);
    const next = advance(claimed, seen.observation, context);
    expect(next).toMatchObject({ state: 'running', logStream: 'work/default/1', stateVersion: 4 });
    // Once: a repeated report is no news, and the end of the attempt has its own word.
    expect(verdict(next ?? claimed, says(), 'tenant')).toEqual({ kind: 'seen_before', current: true });
    const over = verdict(next ?? claimed, report({ status: 'SUCCEEDED', tries: 1 }), 'tenant');
    if (over.kind !== 'news') throw new Error(over.kind);
    expect(advance(next ?? claimed, over.observation, context)?.logStream).toBeUndefined();
  });

  test('costs no write of another job type, and comes with the report that is news anyway', () => {
    expect(verdict(claimed, says())).toEqual({ kind: 'seen_before', current: true });
    expect(verdict(jobIn('submitted'), says(), 'tenant')).toMatchObject({
      observation: { kind: 'running', logStream: 'work/default/1' },
    });
    expect(verdict(jobIn('submitted'), says())).toMatchObject({ observation: { logStream: undefined } });
  });

  test('is named by no report of another Batch job, nor by an older one', () => {
    expect(verdict(claimed, says({ runId: SECOND }), 'tenant').kind).toBe('duplicate');
    const second = jobIn('running', { order: claimOrder(2) });
    expect(verdict(second, says(), 'tenant')).toEqual({ kind: 'seen_before', current: false });
  });
});

const verdictOn = (job: JobRecord, said: Said) =>
  classifyReport(job, report(said), { exitCodes: workerExitCodes }, NOW);
const secondAttempt = jobIn('submitting', { attempt: 2 });
const adopted = jobIn('submitting', { attempt: 2, runId: SECOND, order: acceptedOrder });

describe('whose word counts', () => {
  test.each<[string, JobRecord, Said, ReportClass]>([
    [
      'a final job: its Batch job still runs',
      jobIn('failed', { endedAttempts: [] }),
      { status: 'RUNNING' },
      { kind: 'past', alive: true },
    ],
    [
      'a final job: a late word of the Batch job that ended',
      jobIn('failed'),
      { status: 'RUNNING' },
      { kind: 'past', alive: false },
    ],
    [
      'a final job: its end comes again',
      jobIn('succeeded'),
      { status: 'SUCCEEDED', tries: 1 },
      { kind: 'past', alive: false },
    ],
    [
      'a final job: another Batch job begins',
      jobIn('cancelled'),
      { by: SECOND, status: 'STARTING' },
      { kind: 'past', alive: true },
    ],
    [
      'attempt 1 ends late, attempt 2 has no Batch job yet',
      secondAttempt,
      { status: 'FAILED', tries: 1 },
      { kind: 'past', alive: false },
    ],
    [
      'attempt 1 runs late, attempt 2 has no Batch job yet',
      secondAttempt,
      { status: 'RUNNING' },
      { kind: 'past', alive: true },
    ],
    [
      'attempt 1 succeeds late, attempt 2 has its own',
      adopted,
      { status: 'SUCCEEDED', tries: 1 },
      { kind: 'past', alive: false },
    ],
    [
      'between attempts: the ended one again',
      jobIn('retrying'),
      { status: 'FAILED', tries: 1 },
      { kind: 'past', alive: false },
    ],
    [
      'between attempts: a late word of the ended one',
      jobIn('retrying'),
      { status: 'RUNNING' },
      { kind: 'past', alive: false },
    ],
    [
      'between attempts: another Batch job is alive',
      jobIn('retrying'),
      { by: SECOND, status: 'RUNNING' },
      { kind: 'past', alive: true },
    ],
    [
      'an attempt never made',
      jobIn('running'),
      { attempt: 2, status: 'RUNNING' },
      { kind: 'from_the_future' },
    ],
    [
      'between attempts: the next one, never made',
      jobIn('retrying'),
      { attempt: 2, by: SECOND, status: 'RUNNING' },
      { kind: 'from_the_future' },
    ],
    [
      'a second Batch job of the attempt',
      jobIn('submitted'),
      { by: SECOND, status: 'RUNNING' },
      { kind: 'duplicate', alive: true },
    ],
    [
      'a second Batch job that ended',
      jobIn('submitted'),
      { by: SECOND, status: 'FAILED', tries: 1 },
      { kind: 'duplicate', alive: false },
    ],
    [
      'a refused one while no owner is known',
      jobIn('submitting', { refused: [SECOND] }),
      { by: SECOND, status: 'RUNNING' },
      { kind: 'duplicate', alive: true },
    ],
    [
      'the very state on the record',
      jobIn('running'),
      { status: 'RUNNING' },
      { kind: 'seen_before', current: true },
    ],
    [
      'an earlier state of the same try',
      jobIn('running'),
      { status: 'STARTING' },
      { kind: 'seen_before', current: false },
    ],
    [
      'RUNNABLE after the container came up',
      jobIn('running'),
      { status: 'RUNNABLE' },
      { kind: 'seen_before', current: false },
    ],
    [
      'RUNNING of an earlier try (F22)',
      jobIn('starting', { order: { tries: 1, rank: 2 } }),
      { status: 'RUNNING' },
      { kind: 'seen_before', current: false },
    ],
  ])('%s', (_, job, said, expected) => {
    expect(verdictOn(job, said)).toEqual(expected);
  });

  test.each<[string, JobRecord, Said, string]>([
    [
      'the first word of an attempt whose submission was not answered',
      jobIn('submitting'),
      { status: 'RUNNABLE' },
      'queued',
    ],
    [
      'its end, when nothing came before',
      jobIn('submitting'),
      { status: 'SUCCEEDED', tries: 1 },
      'ended_well',
    ],
    ['the next status', jobIn('submitted'), { status: 'STARTING' }, 'starting'],
    ['a status that skips others', jobIn('submitted'), { status: 'RUNNING' }, 'running'],
    ['back to RUNNABLE for a further try', jobIn('running'), { status: 'RUNNABLE', tries: 1 }, 'queued'],
    ['the end of a job being cancelled', jobIn('cancelling'), { status: 'FAILED', tries: 1 }, 'ended_badly'],
    [
      'an end that counts fewer tries than we saw',
      jobIn('running', { order: { tries: 2, rank: 3 } }),
      { status: 'FAILED', tries: 1 },
      'ended_badly',
    ],
  ])('%s is news', (_, job, said, kind) => {
    expect(verdictOn(job, said)).toMatchObject({ kind: 'news', observation: { kind, runId: FIRST } });
  });

  test('a Batch job taken for lost that turns out to run is alive, and must end', () => {
    const failure = {
      class: 'lost',
      code: 'batch_forgot',
      message: 'AWS Batch no longer knows it.',
    } as const;
    const job = jobIn('retrying', {
      endedAttempts: [{ attempt: 1, runId: FIRST, endedAt: NOW, failure }],
    });
    expect(verdictOn(job, { status: 'RUNNING' })).toEqual({ kind: 'past', alive: true });
  });

  test('a Batch job that carries the tag of another tenant is not followed, whatever the state (M47)', () => {
    const tags = { 'headgate:tenant': 'globex' };
    for (const state of ['submitting', 'running', 'retrying', 'failed'] as const) {
      expect(verdictOn(jobIn(state), { status: 'FAILED', tries: 1, tags })).toEqual({ kind: 'wrong_tenant' });
    }
    const own = { status: 'RUNNING', tags: { 'headgate:tenant': 'acme' } };
    expect(verdictOn(jobIn('submitted'), own).kind).toBe('news');
  });
});

describe('a status that we do not know', () => {
  const said = { status: 'PAUSED' };

  test('is noted once', () => {
    const verdict = verdictOn(jobIn('running'), said);
    expect(verdict).toEqual({ kind: 'news', observation: { kind: 'unclear', batchStatus: 'PAUSED' } });
    expect(verdictOn(jobIn('running', { unclearStatus: 'PAUSED' }), said).kind).toBe('seen_before');
  });

  test('does not make a duplicate or an earlier attempt the owner', () => {
    expect(verdictOn(jobIn('running'), { ...said, by: SECOND }).kind).toBe('duplicate');
    expect(verdictOn(secondAttempt, said).kind).toBe('past');
  });
});

describe('the start of a try that is reported late', () => {
  const starting = { status: 'STARTING', at: NOW - 30_000 };
  const claimed = jobIn('running', { order: claimOrder(1), startedAt: NOW });

  test('after the claim of its container, is on the record, and nothing else of the report is', () => {
    const verdict = verdictOn(claimed, starting);
    expect(verdict).toEqual({
      kind: 'news',
      observation: { kind: 'overtaken_start', startingAt: NOW - 30_000 },
    });
    if (verdict.kind !== 'news') return;
    const next = advance(claimed, verdict.observation, context);
    expect(next).toMatchObject({
      state: 'running',
      stateVersion: claimed.stateVersion,
      order: claimOrder(1),
      startedAt: NOW,
      startingAt: NOW - 30_000,
    });
    expect(verdictOn({ ...claimed, startingAt: NOW - 30_000 }, starting).kind).toBe('seen_before');
  });

  test('takes the place of the start of an earlier try, and not of a later one', () => {
    const second = jobIn('running', { order: claimOrder(2), startingAt: NOW - 90_000 });
    expect(verdictOn(second, { ...starting, tries: 1 })).toMatchObject({ kind: 'news' });
    expect(verdictOn(second, starting)).toEqual({ kind: 'seen_before', current: false });
    expect(verdictOn({ ...second, startingAt: NOW }, { ...starting, tries: 1 }).kind).toBe('seen_before');
  });

  test('says nothing of a job that is over, or whose event has no time', () => {
    expect(verdictOn(jobIn('succeeded'), starting).kind).toBe('past');
    expect(verdictOn(claimed, { status: 'STARTING' })).toEqual({ kind: 'seen_before', current: false });
  });
});

describe('two reports that come together', () => {
  const runnable = report({ status: 'RUNNABLE' });
  const blocked = { ...runnable, isBlocked: true as const };
  const starting = report({ status: 'STARTING', at: NOW });
  const running = report({ status: 'RUNNING' });

  test.each<[string, BatchReport, BatchReport, BatchReport]>([
    ['a job that blocks its queue blocks it', runnable, blocked, blocked],
    ['one that has begun to start since does not', blocked, starting, starting],
    ['a job that runs began to start before', starting, running, { ...running, startingAt: NOW }],
    ['a report that comes twice says the same', running, running, running],
  ])('in either order: %s', (_, one, other, both) => {
    expect(bothOf(one, other)).toEqual(both);
    expect(bothOf(other, one)).toEqual(both);
  });
});

describe('what news says', () => {
  test('a failure comes with its class, and an end without a time ends now', () => {
    expect(verdictOn(jobIn('running'), { status: 'FAILED', tries: 1 })).toMatchObject({
      observation: {
        ended: { endedAt: NOW },
        failure: { class: 'platform', code: 'batch_failed' },
        retryable: true,
      },
    });
  });
});

describe('the order of words about one Batch job', () => {
  const ranks = fc.constantFrom(0, 1, 2, 3, 9);
  const orders: fc.Arbitrary<Order> = fc.record({ tries: fc.nat(3), rank: ranks });

  test('is strict: nothing is newer than itself, of two at most one is newer, and newer carries over', () => {
    fc.assert(
      fc.property(orders, orders, orders, (a, b, c) => {
        expect(isNewer(a, a)).toBe(false);
        expect(isNewer(a, b) && isNewer(b, a)).toBe(false);
        if (isNewer(a, b) && isNewer(b, c)) expect(isNewer(a, c)).toBe(true);
      }),
    );
  });

  test('leaves none undecided but equal ones', () => {
    fc.assert(
      fc.property(orders, orders, (a, b) => {
        expect(isNewer(a, b) || isNewer(b, a)).toBe(a.tries !== b.tries || a.rank !== b.rank);
      }),
    );
  });

  test.each<[string, Order, Order | undefined, boolean]>([
    ['anything over nothing', acceptedOrder, undefined, true],
    ['STARTING over the accepted submission', { tries: 0, rank: 2 }, acceptedOrder, true],
    [
      'RUNNABLE of the second try over RUNNING of the first (F22)',
      { tries: 1, rank: 1 },
      { tries: 0, rank: 3 },
      true,
    ],
    ['a late RUNNING not over the end', { tries: 5, rank: 3 }, { tries: 1, rank: 9 }, false],
    ['a claim says as much as RUNNING of its try', claimOrder(2), { tries: 1, rank: 3 }, false],
    ['a claim over STARTING of its try', claimOrder(2), { tries: 1, rank: 2 }, true],
  ])('%s', (_, seen, known, expected) => {
    expect(isNewer(seen, known)).toBe(expected);
  });

  test('never goes back, and the end is never overwritten, however the words arrive', () => {
    const statuses = ['PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED', 'FAILED'];
    const said = fc.record({ status: fc.constantFrom(...statuses), tries: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(said, { maxLength: 20 }), (words) => {
        let job = jobIn('submitting');
        for (const word of words) {
          const verdict = verdictOn(job, word);
          const next = verdict.kind === 'news' ? advance(job, verdict.observation, context) : undefined;
          if (next?.order !== undefined) expect(isNewer(next.order, job.order)).toBe(true);
          job = next ?? job;
        }
        const ended = words.some(({ status }) => status === 'SUCCEEDED' || status === 'FAILED');
        expect(job.state === 'retrying').toBe(ended);
      }),
    );
  });
});

describe('whether a slot is held without use', () => {
  const hasSlot = true;
  test.each([
    ['not by a job that waits for it', jobIn('waiting'), 1, false],
    ['not by a job that went to Batch with it', jobIn('running', { hasSlot }), 1, false],
    ['not by a job that is being ended', jobIn('cancelling', { hasSlot }), 1, false],
    ['by a job that went to Batch without it, before its tenant had a cap', jobIn('submitting'), 1, true],
    ['by a job that is over', jobIn('succeeded', { hasSlot }), 1, true],
    ['by an attempt that failed, while the next is waited for', jobIn('retrying', { hasSlot }), 1, true],
    ['by the attempt before this one', jobIn('running', { hasSlot, attempt: 2 }), 1, true],
  ])('%s', (_, job, attempt, expected) => {
    expect(mustNotHold(job, attempt)).toBe(expected);
  });
});
