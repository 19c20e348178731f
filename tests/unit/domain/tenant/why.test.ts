import { describe, expect, test } from '@jest/globals';
import type { JobRecord } from '../../../../domain/job/job.ts';
import type { Gate } from '../../../../domain/tenant/gate.ts';
import { holderOf } from '../../../../domain/tenant/holder.ts';
import { auditGate, findingText } from '../../../../domain/tenant/slot-audit.ts';
import { waitText, whyWaiting } from '../../../../domain/tenant/why.ts';
import { aJob, JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const other = holderOf({ jobId: `job_${'z'.repeat(26)}`, attempt: 1, jobType: 'report.render' });
const gate = (change: Partial<Gate> = {}): Gate => ({
  tenantId: 'acme',
  version: 1,
  holders: [other],
  ...change,
});

describe('why a job has not begun', () => {
  test.each<[string, JobRecord, Gate | undefined, ahead: number, string]>([
    ['caps', aJob(), gate({ cap: 1 }), 1, 'tenant cap 1 of 1; second in line'],
    ['a long list', aJob(), gate({ cap: 1 }), 21, 'tenant cap 1 of 1; 22nd in line'],
    ['a longer one', aJob(), gate({ cap: 1 }), 110, 'tenant cap 1 of 1; 111th in line'],
    [
      'a pause',
      aJob(),
      gate({ paused: { reason: 'unpaid', at: NOW } }),
      0,
      'the tenant is paused: unpaid; first in line',
    ],
    ['nothing', aJob(), gate({ cap: 2 }), 0, 'only its turn in the rate limit of AWS Batch calls'],
    [
      'its time',
      jobIn('scheduled', { eligibleAt: NOW }),
      undefined,
      0,
      'not to run before 2026-01-05T09:00:00.000Z',
    ],
    [
      'its backoff',
      jobIn('retrying', { nextAttemptAt: NOW }),
      undefined,
      0,
      'its next attempt is not to begin before 2026-01-05T09:00:00.000Z',
    ],
    [
      'an answer',
      jobIn('submitting'),
      undefined,
      0,
      'AWS Batch has not answered; it is asked again by name after 2026-01-05T09:00:10.000Z',
    ],
    [
      'room in Batch',
      jobIn('submitted', { dueAt: NOW + 1_800_000 }),
      undefined,
      0,
      'AWS Batch has had the job since 2026-01-05T09:00:00.000Z and has not said that it began: it has no capacity yet, or its event is late; it is asked after 2026-01-05T09:30:00.000Z',
    ],
    [
      'an operator (F71)',
      jobIn('waiting', {
        nextAttemptAt: NOW,
        failure: {
          class: 'platform',
          code: 'platform_unavailable',
          message: 'x',
          reason: 'The queue is disabled.',
        },
      }),
      undefined,
      0,
      'AWS Batch refused it for a cause that an operator must remove, and is called again after 2026-01-05T09:00:00.000Z: The queue is disabled.',
    ],
    ['nothing, it runs', jobIn('running'), undefined, 0, 'it does not wait'],
    ['nothing, it is over', jobIn('failed'), gate({ cap: 1 }), 0, 'it does not wait'],
  ])('%s', (_, job, gate, ahead, text) => {
    expect(waitText(whyWaiting(job, { gate, defaultCap: 0, ahead }))).toBe(text);
  });
});

describe('what an audit finds in a gate', () => {
  const me = (attempt = 1) => holderOf({ jobId: JOB_ID, attempt, jobType: 'report.render' });
  const findings = (gate: Gate, ...jobs: readonly JobRecord[]) =>
    auditGate(gate, new Map(jobs.map((job) => [job.jobId, job]))).map(findingText);

  test.each<[string, Gate, JobRecord | undefined, readonly string[]]>([
    ['a job that runs holds its slot', gate({ holders: [me()] }), jobIn('running', { hasSlot: true }), []],
    ['a job that waits with a slot has one coming', gate({ holders: [me()] }), aJob(), []],
    [
      'one that is over leaks',
      gate({ holders: [me()] }),
      jobIn('succeeded'),
      [`leak       ${JOB_ID} attempt 1, which is succeeded`],
    ],
    [
      'one between attempts leaks',
      gate({ holders: [me()] }),
      jobIn('retrying'),
      [`leak       ${JOB_ID} attempt 1, which is retrying`],
    ],
    [
      'one that went to Batch without a slot has no use for one',
      gate({ holders: [me()] }),
      jobIn('running'),
      [`leak       ${JOB_ID} attempt 1, which is running`],
    ],
    [
      'one on a later attempt leaks',
      gate({ holders: [me()] }),
      jobIn('running', { attempt: 2 }),
      [`leak       ${JOB_ID} attempt 1, which is running`],
    ],
    [
      'one without a record leaks',
      gate({ holders: [me()] }),
      undefined,
      [`leak       ${JOB_ID} attempt 1, which is gone`],
    ],
    [
      'one that runs without a slot it says it has is missing',
      gate({ holders: [] }),
      jobIn('running', { hasSlot: true }),
      [`missing    ${JOB_ID} attempt 1, which is running`],
    ],
    ['one that nothing was counted for is not', gate({ holders: [] }), jobIn('running'), []],
  ])('%s', (_, gate, job, expected) => {
    expect(findings(gate, ...(job === undefined ? [] : [job]))).toEqual(expected);
  });

  test('more than a cap allows, as after it was lowered', () => {
    const keyed = [1, 2].map((attempt) =>
      holderOf({ jobId: JOB_ID, attempt, jobType: 'report.render', concurrencyKey: 'red' }),
    );
    const capped = gate({ holders: keyed, cap: 1, typeCaps: { 'report.render': 1 } });
    expect(findings(capped, jobIn('running')).filter((line) => line.startsWith('above'))).toEqual([
      'above cap  the tenant: 2 of 1',
      'above cap  report.render: 2 of 1',
      'above cap  a concurrency key: 2 of 1',
    ]);
  });
});
