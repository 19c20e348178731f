import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextStepMessage, SubmitMessage } from '../../../../domain/batch/messages.ts';
import { planSubmission, type SubmitPlan, submitRequest } from '../../../../domain/batch/submission.ts';
import { batchJobName, parseBatchJobName, shareIdentifier } from '../../../../domain/job/identity.ts';
import type { JobRecord } from '../../../../domain/job/job.ts';
import { WEIGHTS } from '../../../../domain/tenant/tenant.ts';
import { aJob, FIRST, JOB_ID, jobIn, NOW, onInstances, reportType, withSize } from '../../../support/jobs.ts';

const SETTLE_MS = 5000;
const targets = {
  queues: { standard: 'queue-standard', economy: 'queue-economy', gpu: 'queue-gpu' },
  definitionOf: (jobType: string) => `definition-of-${jobType}`,
  functionOf: (jobType: string) => `function-of-${jobType}`,
};

describe('what a submit message means for the record as it is now', () => {
  const open = { callOpen: true, callDeadlineAt: NOW + 10_000 };
  const closed = { callOpen: false, callDeadlineAt: undefined };
  const done: SubmitPlan = { kind: 'done' };
  const begin: SubmitPlan = { kind: 'begin' };
  const call: SubmitPlan = { kind: 'call' };
  const slot: SubmitPlan = { kind: 'wait_for_slot' };

  test.each<[string, JobRecord | undefined, attempt: number, at: number, SubmitPlan]>([
    ['no such job', undefined, 1, NOW, done],
    ['waiting', aJob(), 1, NOW, slot],
    ['waiting, asked for a later attempt', aJob(), 2, NOW, done],
    ['waiting, asked for an earlier attempt', aJob({ attempt: 2 }), 1, NOW, done],
    ['scheduled', jobIn('scheduled', { eligibleAt: NOW + 9 }), 1, NOW, { kind: 'later', atMs: NOW + 9 }],
    ['scheduled, and the time has come', jobIn('scheduled', { eligibleAt: NOW + 9 }), 1, NOW + 9, begin],
    ['blocked', jobIn('blocked'), 1, NOW, { kind: 'await' }],
    ['a call not answered', jobIn('submitting', open), 1, NOW, { kind: 'later', atMs: NOW + 15_000 }],
    [
      'until what it made is listed',
      jobIn('submitting', open),
      1,
      NOW + 14_999,
      { kind: 'later', atMs: NOW + 15_000 },
    ],
    ['and then', jobIn('submitting', open), 1, NOW + 15_000, { kind: 'resolve' }],
    ['surely not accepted', jobIn('submitting', closed), 1, NOW, call],
    ['adopted before the reply came', jobIn('submitting', { ...open, runId: 'b' }), 1, NOW + 99_000, done],
    ['submitted', jobIn('submitted'), 1, NOW, done],
    ['starting', jobIn('starting'), 1, NOW, done],
    ['running', jobIn('running'), 1, NOW, done],
    ['backoff runs', jobIn('retrying'), 2, NOW, { kind: 'later', atMs: NOW + 10_000 }],
    ['backoff is over', jobIn('retrying'), 2, NOW + 10_000, begin],
    ['backoff, the ended attempt is asked for again', jobIn('retrying'), 1, NOW + 10_000, done],
    ['backoff, an attempt too far is asked for', jobIn('retrying'), 3, NOW + 10_000, done],
    ['cancelling, Batch has it', jobIn('cancelling'), 1, NOW, { kind: 'terminate', runId: FIRST }],
    [
      'cancelling, surely not accepted: no other step would end it',
      jobIn('cancelling', { ...closed, runId: undefined }),
      1,
      NOW,
      { kind: 'resolve' },
    ],
    [
      'cancelling, the call not answered',
      jobIn('cancelling', { ...open, runId: undefined }),
      1,
      NOW + 15_000,
      { kind: 'resolve' },
    ],
    ['past its deadline', aJob({ deadlineAt: NOW }), 1, NOW, { kind: 'give_up', why: 'deadline' }],
    [
      'past its deadline in Batch',
      jobIn('running', { deadlineAt: NOW }),
      1,
      NOW,
      { kind: 'give_up', why: 'deadline' },
    ],
    [
      'past its deadline, already being ended',
      jobIn('cancelling', { deadlineAt: NOW }),
      1,
      NOW,
      { kind: 'terminate', runId: FIRST },
    ],
    ['not started in time', aJob({ startBy: NOW }), 1, NOW, { kind: 'give_up', why: 'expire' }],
    ['just in time', aJob({ startBy: NOW + 1 }), 1, NOW, slot],
    ['started in time, whatever comes later', aJob({ startBy: NOW, startedAt: NOW }), 1, NOW, slot],
    ['succeeded', jobIn('succeeded'), 1, NOW, done],
    ['failed', jobIn('failed'), 2, NOW, done],
    ['cancelled', jobIn('cancelled'), 1, NOW, done],
    ['expired', jobIn('expired'), 1, NOW, done],
  ])('%s', (_, job, attempt, atMs, expected) => {
    expect(planSubmission(job, { tenantId: 'acme', jobId: JOB_ID, attempt }, atMs, SETTLE_MS)).toEqual(
      expected,
    );
  });
});

describe('what SubmitJob is asked', () => {
  test('names the type, the ids and the share, in the words of the targets', () => {
    expect(
      submitRequest(jobIn('submitting', { attempt: 2 }), reportType, 1, {
        targets,
        input: {},
        ticket: 'a-ticket',
        nowMs: NOW,
      }),
    ).toEqual({
      jobName: `hg-${JOB_ID}-2`,
      jobQueue: 'queue-standard',
      jobDefinition: 'definition-of-report.render',
      parameters: { batchType: 'report.render', jobId: JOB_ID, attempt: '2' },
      timeout: { attemptDurationSeconds: 300 },
      containerOverrides: { environment: [{ name: 'HEADGATE_TICKET', value: 'a-ticket' }] },
      shareIdentifier: shareIdentifier('acme', 1),
      schedulingPriorityOverride: 100,
      tags: { 'headgate:tenant': 'acme', 'headgate:job': JOB_ID },
      propagateTags: true,
    });
  });

  test("the job's own timeout comes before that of its type", () => {
    const { timeout } = submitRequest(aJob({ timeoutSeconds: 61 }), reportType, 1, {
      targets,
      input: {},
      ticket: 'a-ticket',
      nowMs: NOW,
    });
    expect(timeout.attemptDurationSeconds).toBe(61);
  });

  test('a job near its deadline gets what is left, but no less than Batch takes', () => {
    const timeoutBy = (deadlineAt: number) =>
      submitRequest(aJob({ deadlineAt }), reportType, 1, {
        targets,
        input: {},
        ticket: 'a-ticket',
        nowMs: NOW,
      }).timeout.attemptDurationSeconds;
    expect([timeoutBy(NOW + 999_000), timeoutBy(NOW + 90_001), timeoutBy(NOW + 5000)]).toEqual([300, 91, 60]);
  });

  test('a job that lost its Spot capacity too often goes where capacity stays', () => {
    const lost = {
      attempt: 1,
      endedAt: NOW,
      failure: { class: 'spot_reclaimed', code: 'x', message: 'x' },
    } as const;
    const economy = { ...reportType, queue: 'economy', standardAfterReclaims: 2 } as const;
    const queueAfter = (times: number) =>
      submitRequest(aJob({ endedAttempts: Array(times).fill(lost) }), economy, 1, {
        targets,
        input: {},
        ticket: 'a-ticket',
        nowMs: NOW,
      }).jobQueue;
    expect([0, 1, 2, 3].map(queueAfter)).toEqual([
      'queue-economy',
      'queue-economy',
      'queue-standard',
      'queue-standard',
    ]);
  });

  test('a job for instances goes to their queue, and to no other when the stage has none', () => {
    const size = { vcpus: 4, memoryMiB: 8000, gpus: 1 };
    const on = (name: string) =>
      onInstances(
        { name, types: ['g6.xlarge'], vcpus: 4, memoryMiB: 15_000, gpus: 1, maxVcpus: 4, usdPerHour: 1 },
        size,
      );
    const queueOf = (name: string) =>
      submitRequest(aJob(), on(name), 1, { targets, input: {}, ticket: 'a-ticket', nowMs: NOW }).jobQueue;
    expect(queueOf('gpu')).toBe('queue-gpu');
    expect(() => queueOf('large')).toThrow(
      'expected a job queue of the instances large, found none: deploy again',
    );
    expect(() => queueOf('constructor')).toThrow('found none');
  });

  test('a job that ran out of memory gets twice as much, up to the most its type allows', () => {
    const lost = {
      attempt: 1,
      endedAt: NOW,
      failure: { class: 'out_of_memory', code: 'x', message: 'x' },
    } as const;
    const growing = withSize({ vcpus: 1, memoryMiB: 2048, growsToMiB: 6144 });
    const memoryAfter = (times: number) =>
      submitRequest(aJob({ endedAttempts: Array(times).fill(lost) }), growing, 1, {
        targets,
        input: {},
        ticket: 'a-ticket',
        nowMs: NOW,
      }).containerOverrides?.resourceRequirements;
    expect([0, 1, 2, 3].map(memoryAfter)).toEqual([
      undefined,
      [{ type: 'MEMORY', value: '4096' }],
      [{ type: 'MEMORY', value: '6144' }],
      [{ type: 'MEMORY', value: '6144' }],
    ]);
  });

  test("no tag of a tenant can say that the job is another tenant's", () => {
    const tags = { team: 'a', 'headgate:tenant': 'globex', 'headgate:job': 'other' };
    expect(
      submitRequest(aJob({ tags }), reportType, 1, { targets, input: {}, ticket: 'a-ticket', nowMs: NOW })
        .tags,
    ).toEqual({
      team: 'a',
      'headgate:tenant': 'acme',
      'headgate:job': JOB_ID,
    });
  });

  test('a principal that may describe Batch jobs reads nothing of the input', () => {
    const job = aJob({
      input: { password: 'canary' },
      metadata: { note: 'canary' },
      idempotencyKey: 'canary',
      fingerprint: 'canary',
    });
    expect(
      JSON.stringify(
        submitRequest(job, reportType, 1, { targets, input: job.input, ticket: 'a-ticket', nowMs: NOW }),
      ),
    ).not.toContain('canary');
  });
});

describe('names', () => {
  const jobIds = fc.stringMatching(/^job_[a-z2-7]{26}$/);
  const tenantIds = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

  test('the name of a Batch job is one Batch takes, and leads back to job and attempt', () => {
    fc.assert(
      fc.property(jobIds, fc.integer({ min: 1, max: 9999 }), (jobId, attempt) => {
        const name = batchJobName(jobId, attempt);
        expect(name).toMatch(/^[A-Za-z0-9][\w-]{0,127}$/);
        expect(parseBatchJobName(name)).toEqual({ jobId, attempt });
      }),
    );
  });

  test('shares are fewer than the 500 a queue bears, and the same for the same tenant', () => {
    fc.assert(
      fc.property(tenantIds, (tenantId) => {
        const share = /^w1x(\d+)$/.exec(shareIdentifier(tenantId, 1));
        expect(Number(share?.[1])).toBeLessThan(500 / WEIGHTS.length);
        expect(shareIdentifier(tenantId, 1)).toBe(share?.[0]);
      }),
    );
  });

  test('a hundred tenants do not crowd in a few shares', () => {
    const shares = Array.from({ length: 100 }, (_, i) => shareIdentifier(`tenant-${i}`, 1));
    expect(new Set(shares).size).toBeGreaterThan(40);
  });
});

describe('the message for the next step of a job', () => {
  const stepOf = (job: JobRecord) => {
    const { body = 'null', delaySeconds } = nextStepMessage(job, NOW) ?? {};
    return { asked: SubmitMessage.nullable().parse(JSON.parse(body)), delaySeconds };
  };
  const asked = (attempt: number) => ({ tenantId: 'acme', jobId: JOB_ID, attempt });

  test.each(['waiting', 'submitting', 'cancelling'] as const)('%s: its attempt, now', (state) => {
    expect(stepOf(jobIn(state, { attempt: 2 }))).toEqual({ asked: asked(2), delaySeconds: undefined });
  });

  test('retrying: the attempt after it, when the backoff is over', () => {
    expect(stepOf(jobIn('retrying'))).toEqual({ asked: asked(2), delaySeconds: 10 });
    expect(stepOf(jobIn('retrying', { nextAttemptAt: NOW - 5 }))).toEqual({
      asked: asked(2),
      delaySeconds: 0,
    });
  });

  test('scheduled: its attempt, when its time comes', () => {
    const eligibleAt = NOW + 60_000;
    expect(stepOf(jobIn('scheduled', { eligibleAt }))).toEqual({ asked: asked(1), delaySeconds: 60 });
  });

  test('is left to tick when it lies further ahead than SQS can delay', () => {
    expect(stepOf(jobIn('scheduled', { eligibleAt: NOW + 900_000 })).delaySeconds).toBe(900);
    expect(stepOf(jobIn('scheduled', { eligibleAt: NOW + 900_001 })).asked).toBeNull();
  });

  test.each(['submitted', 'starting', 'running', 'succeeded', 'failed'] as const)(
    '%s: none, its next step is not ours',
    (state) => expect(stepOf(jobIn(state)).asked).toBeNull(),
  );

  test('is grouped by tenant, so that the flood of one stays its own', () => {
    expect(nextStepMessage(aJob(), NOW)?.groupId).toBe('acme');
  });
});
