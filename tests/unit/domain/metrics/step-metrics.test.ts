/** What a run of tick says of the jobs that were due, and what the calls of other services count. */
import { describe, expect, it } from '@jest/globals';
import type { Repair } from '../../../../domain/batch/reconcile.ts';
import type { JobRecord } from '../../../../domain/job/job.ts';
import type { Point } from '../../../../domain/metrics/metric.ts';
import { called, ranTick, tried } from '../../../../domain/metrics/step-metrics.ts';
import { jobIn, NOW } from '../../../support/jobs.ts';

const said = (points: readonly Point[]) =>
  points.map(({ metric, value, of = {} }) => [metric.name, ...Object.values(of), value].join(' '));
const seen = (job: JobRecord, kind: Repair['kind'], lateMs = 0) => ({
  job,
  // What a kind says beside itself is not read.
  repair: { kind, runId: 'run-1', why: 'expire' } as Repair,
  lateMs,
});
const early = { createdAt: NOW - 3600_000, endedAttempts: [] };

describe('a run of tick', () => {
  it('counts itself when nothing is due, so that its silence means that it did not run', () => {
    expect(said(ranTick([], NOW))).toEqual([
      'JobsSucceeded 0',
      'JobsFailed 0',
      'AttemptsFailed 0',
      'EventsRepeated 0',
      'DueOverdueSeconds 0',
      'OldestWaitSeconds 0',
      'TickRuns 1',
    ]);
  });

  it('tells what was lost from what it hands over by its plan', () => {
    const run = [
      seen(jobIn('scheduled', early), 'dispatch'),
      seen(jobIn('retrying', early), 'dispatch'),
      seen(jobIn('waiting', { ...early, queued: true }), 'dispatch'),
      seen(jobIn('succeeded', early), 'dispatch'),
      seen(jobIn('running', early), 'describe'),
      seen(jobIn('running', early), 'publish_progress'),
      seen(jobIn('waiting', { ...early, queued: true }), 'waits'),
    ];
    expect(said(ranTick(run, NOW)).filter((line) => line.startsWith('Repairs'))).toEqual([
      'Repairs hand_over 2',
      'Repairs lost_message 1',
      'Repairs unsettled 1',
      'Repairs describe 1',
    ]);
  });

  it('says how long the most overdue job had been due', () => {
    const run = [
      seen(jobIn('running', early), 'describe', 4000),
      seen(jobIn('running', early), 'describe', -2000),
    ];
    expect(said(ranTick(run, NOW))).toContain('DueOverdueSeconds 4');
  });

  it.each([
    ['waits for AWS Batch', jobIn('submitted', early), 3600],
    ['waits for its turn', jobIn('waiting', { ...early, queued: undefined }), 3600],
    ['is held by a cap of its tenant', jobIn('waiting', { ...early, queued: true }), 0],
    ['is to run later', jobIn('scheduled', early), 0],
    ['runs', jobIn('running', early), 0],
  ])('says of a job that %s for how long it has waited for us', (_what, job, seconds) => {
    expect(said(ranTick([seen(job, 'dispatch')], NOW))).toContain(`OldestWaitSeconds ${seconds}`);
  });
});

it.each([
  ['accepted', ['SubmitCalls 1']],
  ['unknown', ['SubmitCalls 1']],
  ['not_accepted', ['SubmitCalls 1', 'SubmitThrottled 1']],
  ['unavailable', ['SubmitUnavailable 1']],
] as const)('a call of SubmitJob that is %s', (outcome, lines) => {
  expect(said(called(outcome))).toEqual(lines);
});

it.each([
  [
    'answered with 204',
    { kind: 'answered', status: 204, ms: 40 },
    ['DeliveriesOk 1', 'DeliverySeconds 0.04'],
  ],
  [
    'answered with 500',
    { kind: 'answered', status: 500, ms: 40 },
    ['DeliveriesFailed 1', 'DeliverySeconds 0.04'],
  ],
  [
    'refused',
    { kind: 'failed', why: 'connection_refused', ms: 5 },
    ['DeliveriesFailed 1', 'DeliverySeconds 0.005'],
  ],
  ['not sent for a fault of ours', { kind: 'unsent', why: 'keys_unavailable' }, ['DeliveriesUnsent 1']],
] as const)('a try of a webhook that is %s', (_what, outcome, lines) => {
  expect(said(tried(outcome))).toEqual(lines);
});
