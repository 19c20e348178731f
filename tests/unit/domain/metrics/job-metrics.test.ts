/** Operators read numbers of jobs and not of writes: each change of a record counts what happened by it, and nothing else. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BatchJobDetail, parseReport } from '../../../../domain/batch/report.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { changed, type JobRecord, JobState } from '../../../../domain/job/job.ts';
import {
  accepted,
  changedJob,
  readySince,
  refused,
  started,
} from '../../../../domain/metrics/job-metrics.ts';
import type { Point } from '../../../../domain/metrics/metric.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';

const policy = {
  retry: { maxAttempts: 2, backoff: { initialSeconds: 10, factor: 2, maxSeconds: 60 } },
  promisesResult: false,
};
const moved = (job: JobRecord, observation: Parameters<typeof advance>[1], nowMs = NOW): JobRecord =>
  advance(job, observation, { nowMs, random: 0, policy, bill }) ?? job;
const bill = () => ({ usdMicro: 27, billedSeconds: 60 });

/** A name, what it is counted under, and the value unless it is one. */
const said = (points: readonly Point[]) =>
  points.map(({ metric, value, of = {} }) => [metric.name, ...Object.values(of), value].join(' '));

const run = { runId: 'run-1', order: { tries: 0, rank: 9 } };
const ended = { startedAt: NOW - 30_000, endedAt: NOW - 2000 };
const running = jobIn('running', { jobType: 'csv.summarise', startedAt: NOW - 30_000, endedAttempts: [] });
const badly = (cls: 'spot_reclaimed' | 'app_error', retryable: boolean) => ({
  ...run,
  kind: 'ended_badly' as const,
  ended,
  failure: { class: cls, code: 'exit_code', message: 'It ended.' },
  retryable,
});

describe('what is counted of a change of a job', () => {
  it('that succeeds: the job, how long it ran, and how late that was known', () => {
    const next = moved(running, { ...run, kind: 'ended_well', ended });
    expect(said(changedJob(running, next))).toEqual([
      'JobsSucceeded csv.summarise 1',
      'RunSeconds csv.summarise 28',
      'EventDelaySeconds 2',
    ]);
  });

  it('that fails for good: the job by its class, and the attempt', () => {
    const next = moved(running, badly('app_error', false));
    expect(said(changedJob(running, next))).toEqual([
      'JobsFailed csv.summarise app_error 1',
      'RunSeconds csv.summarise 28',
      'EventDelaySeconds 2',
      'AttemptsFailed app_error 1',
    ]);
  });

  it('that ran under a job type that is not known any more: an attempt without a price', () => {
    const context = { nowMs: NOW, random: 0, policy };
    const next = advance(running, { ...run, kind: 'ended_well', ended }, context) ?? running;
    expect(said(changedJob(running, next))).toContain('AttemptsUnpriced 1');
  });

  it('that runs again: the attempt alone', () => {
    const next = moved(running, badly('spot_reclaimed', true));
    expect(next.state).toBe('retrying');
    expect(said(changedJob(running, next))).toEqual([
      'RunSeconds csv.summarise 28',
      'EventDelaySeconds 2',
      'AttemptsFailed spot_reclaimed 1',
    ]);
  });

  it('that is handed to AWS Batch: how long it had been ready, without the time that its sender set', () => {
    const job = jobIn('waiting', { createdAt: NOW - 90_000, eligibleAt: NOW - 4000, endedAttempts: [] });
    const next = moved(job, { kind: 'call', deadlineAt: NOW + 1000, hasSlot: false });
    expect(said(changedJob(job, next))).toEqual([`WaitSeconds ${job.jobType} 4`]);
  });

  it('that goes into the waiting list: that it is held, once', () => {
    const job = jobIn('waiting', { queued: undefined, waitReason: 'ready' });
    const held = moved(job, { kind: 'held', why: 'tenant_cap' });
    expect(said(changedJob(job, held))).toEqual(['JobsHeld 1']);
    expect(changedJob(held, moved(held, { kind: 'held', why: 'paused' }))).toEqual([]);
  });

  it.each([
    ['cancelled', 'JobsCancelled 1'],
    ['expired', 'JobsExpired 1'],
  ] as const)('that ends as %s: the job', (state, line) => {
    const job = jobIn('waiting');
    expect(said(changedJob(job, changed(job, { state }, NOW)))).toEqual([line]);
  });

  it('of which only times and marks change: nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...JobState.options), fc.nat(), (state, dueAt) => {
        const job = jobIn(state);
        expect(changedJob(job, changed(job, { dueAt, settled: true, absences: 1 }, NOW))).toEqual([]);
      }),
    );
  });
});

describe('how long AWS Batch had a job before its container ran', () => {
  const times = { createdAt: NOW - 50_000, startedAt: NOW - 30_000, stoppedAt: NOW };
  const report = (status: string, change: object = times) => {
    const detail = { jobId: 'run-1', jobName: `hg-${running.jobId}-1`, status, ...change };
    const seen = parseReport({ kind: 'batch_job', detail: BatchJobDetail.parse(detail) });
    if (seen.kind !== 'report') throw new Error(seen.why);
    return seen.report;
  };

  it('is counted with the end of its attempt', () => {
    expect(said(started(running, report('SUCCEEDED')))).toEqual(['StartSeconds csv.summarise 20']);
    expect(said(started(running, report('RUNNING')))).toEqual([]);
  });

  it('is not known of one whose container never ran', () => {
    expect(started(running, report('FAILED', { createdAt: NOW }))).toEqual([]);
  });
});

it('no change of a record, and no acceptance or refusal, is counted under a tenant', () => {
  const all = [
    ...accepted(running),
    ...refused('tenant_unknown'),
    ...changedJob(running, moved(running, badly('app_error', false))),
  ];
  for (const { metric, of = {} } of all) {
    expect(metric.by.flat()).not.toContain('tenantId');
    expect(Object.values(of)).not.toContain(running.tenantId);
  }
});

it.each([
  ['tenant_unknown', 'forbidden'],
  ['quota_waiting', 'quota'],
  ['idempotency_conflict', 'conflict'],
  ['field_type', 'invalid'],
  ['body_too_large', 'invalid'],
] as const)('a refusal as %s is counted as %s', (code, refusal) => {
  expect(said(refused(code))).toEqual([`JobsRefused ${refusal} 1`]);
});

describe('a job has been ready', () => {
  const early = { createdAt: NOW - 90_000, endedAttempts: [] };
  it.each([
    ['since it was accepted', early, 90],
    ['since the time that its sender set', { ...early, eligibleAt: NOW - 60_000 }, 60],
    ['since its backoff was over', { ...early, nextAttemptAt: NOW - 5000 }, 5],
    [
      'since its earlier attempt ended',
      { ...early, endedAttempts: [{ attempt: 1, endedAt: NOW - 7000 }] },
      7,
    ],
    [
      'since the platform refused it, whenever it is called again',
      { ...early, nextAttemptAt: NOW + 9000, platformWait: { refusals: 2, since: NOW - 40_000 } },
      40,
    ],
  ])('%s', (_since, change, seconds) => {
    expect((NOW - readySince(jobIn('waiting', change), NOW)) / 1000).toBe(seconds);
  });
});
