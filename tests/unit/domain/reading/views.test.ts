/** What a tenant and an operator read of a job. */
import { describe, expect, it, test } from '@jest/globals';
import { JobState } from '../../../../domain/job/job.ts';
import { JobSummary, JobView, summaryOf, viewOf } from '../../../../domain/reading/job-view.ts';
import { timelineOf } from '../../../../domain/reading/timeline.ts';
import { waitView } from '../../../../domain/reading/wait-view.ts';
import { FIRST, jobIn, NOW } from '../../../support/jobs.ts';

const ARN = 'arn:aws:batch:eu-west-1:123456789012:job/x';
const failure = {
  class: 'platform' as const,
  code: 'batch_failed',
  message: `It says ${ARN}`,
  reason: `Not authorized on ${ARN}`,
  logStream: 'worker/default/abc',
};
const failed = jobIn('failed', {
  failure,
  endedAttempts: [
    {
      attempt: 1,
      runId: FIRST,
      startedAt: NOW + 1000,
      endedAt: NOW + 5000,
      failure,
      logStream: 'worker/1',
      usdMicro: 165,
      billedSeconds: 60,
    },
  ],
  progress: { done: 3, total: 9, note: `reads ${ARN}`, at: NOW + 2000 },
  stateAt: NOW + 5000,
  finishedAt: NOW + 5000,
  discarded: { reason: 'the operator knows why', at: NOW + 9000 },
});

describe('a tenant', () => {
  const told = JSON.stringify([
    viewOf(failed, 'tenant'),
    summaryOf(failed, 'tenant'),
    timelineOf(failed, [], 'tenant'),
  ]);

  it.each(['123456789012', 'arn:aws', 'Not authorized', 'worker/', FIRST, 'usd', 'the operator knows why'])(
    'is not told %s',
    (internal) => {
      expect(told).not.toContain(internal);
    },
  );

  it('is not told why its jobs are paused, nor what AWS said of a job that the platform refuses', () => {
    const paused = { kind: 'slot', obstacle: { kind: 'paused', reason: 'unpaid' }, ahead: 2 } as const;
    const refused = { kind: 'platform', untilMs: NOW, reason: ARN } as const;
    const texts = [paused, refused].map((wait) => JSON.stringify(waitView(failed, wait, 'tenant')));
    expect(texts.join()).not.toMatch(/unpaid|arn:aws/);
    expect(waitView(failed, paused, 'operator').text).toContain('unpaid');
    expect(waitView(failed, refused, 'operator').text).toContain(ARN);
  });
});

it('an operator is told what AWS said, and where the container ran and logged', () => {
  const told = JSON.stringify(viewOf(failed, 'operator'));
  for (const fact of ['Not authorized', 'worker/1', FIRST]) expect(told).toContain(fact);
});

it('an operator is told what each attempt cost, if it cost anything', () => {
  expect(viewOf(failed, 'operator').attempts).toMatchObject([{ usd: 0.000165, billedSeconds: 60 }]);
  const free = { ...failed, endedAttempts: [{ attempt: 1, endedAt: NOW }] };
  expect(viewOf(free, 'operator').attempts[0]).toEqual({ attempt: 1, endedAt: expect.any(String) });
});

test.each(JobState.options)('a job that is %s is shown as the schemas say, to both', (state) => {
  for (const audience of ['tenant', 'operator'] as const) {
    const job = jobIn(state, { tags: { plan: 'free' }, metadata: { order: 1 } });
    const view = viewOf(job, audience);
    expect(JobView.strict().parse(view)).toEqual(view);
    const summary = summaryOf(job, audience);
    expect(JobSummary.strict().parse(summary)).toEqual(summary);
  }
});

it('a timeline tells what happened in the order in which it happened', () => {
  const delivery = {
    endpointId: 'whe_a',
    eventType: 'job.failed',
    status: 'delivered',
    tries: 2,
    eventAtMs: NOW + 5000,
    lastTryAtMs: NOW + 7000,
    answer: 'http_200',
  };
  const entries = timelineOf(failed, [delivery], 'tenant');
  expect(entries.map(({ at, kind }) => [Date.parse(at) - NOW, kind])).toEqual([
    [0, 'accepted'],
    [1000, 'attempt.started'],
    [2000, 'progress'],
    [5000, 'attempt.ended'],
    [5000, 'state.failed'],
    [7000, 'delivery'],
    [9000, 'discarded'],
  ]);
  expect(entries.at(-2)?.text).toBe(
    'webhook job.failed to whe_a: delivered after 2 tries, last answer http_200',
  );
});

it('an attempt that still runs is in the timeline once', () => {
  const kinds = timelineOf(jobIn('running', { stateAt: NOW + 10 }), [], 'tenant').map(({ kind }) => kind);
  expect(kinds).toEqual(['accepted', 'attempt.started', 'state.running']);
});
