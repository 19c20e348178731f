/** Why a job does not start: an operator acts on it, and nothing is ended for a reason that may pass. */
import { describe, expect, it } from '@jest/globals';
import { BatchJobDetail, parseReport } from '../../../../domain/batch/report.ts';
import {
  actionFor,
  diagnose,
  maybeStuck,
  type QueueFacts,
  terminationText,
} from '../../../../domain/batch/stuck.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { classifyFailure } from '../../../../domain/job/failure.ts';
import { StuckReason } from '../../../../domain/job/job.ts';
import { changedJob } from '../../../../domain/metrics/job-metrics.ts';
import { waitView } from '../../../../domain/reading/wait-view.ts';
import { stuckTextForOperator, stuckTextForTenant } from '../../../../domain/tenant/stuck-text.ts';
import { whyWaiting } from '../../../../domain/tenant/why.ts';
import { context, jobIn, NOW } from '../../../support/jobs.ts';

const MINUTE = 60_000;
const detail = (change: object = {}) =>
  BatchJobDetail.parse({ jobId: 'run-1', jobName: 'hg-x-1', status: 'RUNNABLE', ...change });
const environment = { name: 'fargate', state: 'ENABLED', status: 'VALID', maxVcpus: 16 };
const sound: QueueFacts = {
  name: 'standard',
  state: 'ENABLED',
  status: 'VALID',
  environments: [environment],
};
const invalid = { ...environment, status: 'INVALID', statusReason: 'role is gone' };
const pulled = { container: { reason: 'CannotPullContainerError: not found' } };

describe('the diagnosis of a job that AWS Batch does not start', () => {
  it.each([
    [
      'AWS Batch says that it is too large',
      { statusReason: 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement is higher' },
      sound,
      'too_large',
    ],
    [
      'AWS Batch says that no environment may be so large',
      { statusReason: 'MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE(s) cannot meet it' },
      sound,
      'too_large',
    ],
    [
      'AWS has no machine',
      { statusReason: 'CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - no instances' },
      sound,
      'no_capacity',
    ],
    [
      'a role is missing',
      { statusReason: 'MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS' },
      sound,
      'permissions',
    ],
    ['AWS Batch does not know', { statusReason: 'UNDETERMINED - Batch job is blocked' }, sound, 'blocked'],
    ['the image was not there at the last try', { attempts: [pulled] }, sound, 'image'],
    ['an earlier try had no image, the last one had', { attempts: [pulled, {}] }, sound, 'no_room'],
    ['the queue is disabled', {}, { ...sound, state: 'DISABLED' }, 'queue_disabled'],
    ['the queue is invalid', {}, { ...sound, status: 'INVALID' }, 'environment_invalid'],
    ['its only environment is invalid', {}, { ...sound, environments: [invalid] }, 'environment_invalid'],
    ['one of two environments is invalid', {}, { ...sound, environments: [invalid, environment] }, 'no_room'],
    ['no environment feeds the queue', {}, { ...sound, environments: [] }, 'environment_invalid'],
    ['nothing is wrong that shows', {}, sound, 'no_room'],
    ['the queue was not described', {}, undefined, 'no_room'],
  ] as const)('%s', (_what, change, queue, reason) => {
    expect(diagnose(detail(change), queue)?.reason).toBe(reason);
  });

  it.each(['RUNNING', 'SUCCEEDED', 'FAILED', 'HELD'])('is none of a job that is %s', (status) => {
    expect(diagnose(detail({ status }), { ...sound, state: 'DISABLED' })).toBeUndefined();
  });

  it('keeps the words of AWS, and how much there is at most', () => {
    expect(diagnose(detail(), { ...sound, environments: [invalid] })?.said).toContain('role is gone');
    expect(diagnose(detail(), sound)?.said).toContain('16 vCPUs');
  });
});

describe('an event of a blocked queue', () => {
  const event = {
    source: 'aws.batch',
    'detail-type': 'Batch Job Queue Blocked',
    detail: { jobId: 'run-1', jobName: `hg-${jobIn('submitted').jobId}-1`, status: 'RUNNABLE' },
  };

  it('is a report of its job that says so', async () => {
    const { BatchJobStateChange } = await import('../../../../domain/batch/report.ts');
    const seen = parseReport(BatchJobStateChange.parse(event));
    expect(seen).toMatchObject({ kind: 'report', report: { isBlocked: true, status: 'RUNNABLE' } });
    const plain = { ...event, 'detail-type': 'Batch Job State Change' };
    expect(parseReport(BatchJobStateChange.parse(plain))).not.toMatchObject({ report: { isBlocked: true } });
  });
});

describe('a job that is stuck', () => {
  const since = NOW - 40 * MINUTE;
  const waiting = jobIn('submitted', { stateAt: since, stuck: undefined });
  const at = { ...context, nowMs: NOW };
  const seen = { kind: 'stuck', reason: 'no_capacity', said: 'CAPACITY:… in account 123456789012' } as const;
  const stuck = advance(waiting, seen, at) ?? waiting;

  it('is asked about after ten minutes, and not before', () => {
    expect(maybeStuck(waiting, since + 9 * MINUTE)).toBe(false);
    expect(maybeStuck(waiting, since + 10 * MINUTE)).toBe(true);
    expect(maybeStuck(jobIn('running', { stateAt: since }), NOW)).toBe(false);
  });

  it('says why, and since when AWS Batch has it, and is news once', () => {
    expect(stuck.stuck).toEqual({ reason: 'no_capacity', said: seen.said, since });
    expect(stuck.stateVersion).toBe(stuck.version);
    expect(advance(stuck, seen, at)).toBeUndefined();
    const again = advance(stuck, { ...seen, said: 'CAPACITY:… elsewhere' }, at);
    expect(again?.stateVersion).toBe(stuck.stateVersion);
    const other = advance(stuck, { ...seen, reason: 'queue_disabled' }, at);
    expect(other?.stuck?.since).toBe(since);
    expect(other?.stateVersion).toBe(other?.version);
  });

  it('is counted once for each reason', () => {
    const names = changedJob(waiting, stuck).map(({ metric, of }) => `${metric.name} ${of?.reason}`);
    expect(names).toEqual(['JobsStuck no_capacity']);
    expect(changedJob(stuck, { ...stuck, version: stuck.version + 1 })).toEqual([]);
  });

  it('tells its operator the words of AWS and what to do, and its tenant neither', () => {
    const wait = whyWaiting(stuck, { gate: undefined, defaultCap: 0, ahead: 0 });
    const [operator, tenant] = (['operator', 'tenant'] as const).map(
      (audience) => waitView(stuck, wait, audience).text,
    );
    expect(operator).toContain('in account 123456789012');
    expect(operator).toContain('use the standard queue');
    expect(tenant).not.toMatch(/AWS|account|capacity|queue/i);
    expect(tenant).toContain(new Date(since).toISOString());
  });

  it.each(StuckReason.options)('as %s has a sentence for each of its readers', (reason) => {
    const one = { reason, since, said: 'arn:aws:batch:eu-central-1:123456789012:job-queue/a' };
    expect(stuckTextForOperator(one)).toContain('; ');
    expect(stuckTextForTenant(one)).not.toMatch(/arn|\d{6}|AWS|MaxvCpus/);
  });

  it('is stuck no more when its container runs, or its next attempt begins', () => {
    const run = { runId: waiting.runId ?? 'run-1', order: { tries: 0, rank: 3 } };
    expect(advance(stuck, { kind: 'running', ...run }, at)?.stuck).toBeUndefined();
    expect(advance(stuck, { kind: 'queued', ...run }, at)?.stuck).toEqual(stuck.stuck);
  });

  it.each([
    ['its type says nothing', undefined, undefined],
    ['the grace is not over', { afterSeconds: 2401, action: 'fail' }, undefined],
    ['the grace is over', { afterSeconds: 2400, action: 'fail' }, 'fail'],
    ['it may be tried again', { afterSeconds: 2400, action: 'retry' }, 'retry'],
  ] as const)('is left alone or ended when %s', (_when, policy, action) => {
    expect(actionFor(stuck, policy, NOW)).toBe(action);
  });

  it.each([
    ['retry', 'stuck_and_retried', true],
    ['fail', 'stuck_in_batch', false],
  ] as const)('that was ended to %s is known by what AWS Batch says of it', (action, code, retryable) => {
    const said = terminationText(action, stuck.stuck ?? { reason: 'no_room', since, said: '' });
    const ended = classifyFailure({ statusReason: said, container: {} }, undefined, {});
    expect(ended).toMatchObject({ failure: { class: 'unschedulable', code }, retryable });
    expect(ended.failure.reason).toContain('CAPACITY');
    expect(ended.failure.message).not.toContain('CAPACITY');
  });
});
