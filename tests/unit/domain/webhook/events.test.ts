/** What tenants are told besides the states of jobs, and that telling it again is the same bytes. */
import { describe, expect, test } from '@jest/globals';
import { planRepair } from '../../../../domain/batch/reconcile.ts';
import { refusedMessage } from '../../../../domain/dead-letter/dead-letter.ts';
import { rejectionOf } from '../../../../domain/dead-letter/rejection.ts';
import { problem } from '../../../../domain/errors.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { type JobChange, JobState } from '../../../../domain/job/job.ts';
import {
  eventType,
  lifecycleEvent,
  progressEvent,
  TenantEvent,
  WEBHOOK_EVENTS,
} from '../../../../domain/webhook/notification.ts';
import { bodyOf } from '../../../../domain/webhook/payload.ts';
import { context, JOB_ID, jobIn, NOW, SECOND } from '../../../support/jobs.ts';

const ID = `msg_${'a'.repeat(26)}`;
const published: readonly string[] = WEBHOOK_EVENTS;

describe('progress', () => {
  const reported = (publishesProgress: boolean) => {
    const job = jobIn('running', { dueAt: NOW + 600_000 });
    const policy = { ...context.policy, publishesProgress };
    const next = advance(
      job,
      { kind: 'progressed', progress: { done: 3, total: 9 } },
      { ...context, policy },
    );
    if (next === undefined) throw new Error('A running job takes progress');
    return next;
  };

  test('is told by tick, with a sequence of its own, when the job type asks for it', () => {
    const job = reported(true);
    expect(job.dueAt).toBe(context.nowMs);
    expect(planRepair(job, context.nowMs)).toEqual({ kind: 'publish_progress' });
    expect(progressEvent(job)).toMatchObject([
      {
        type: 'job.progress',
        data: { sequence: job.version, progress: { done: 3, total: 9 }, status: 'running' },
      },
    ]);
    expect(TenantEvent.parse(progressEvent(job)[0])).toEqual(progressEvent(job)[0]);
  });

  test('stays in the record otherwise, and is not published', () => {
    const job = reported(false);
    expect(job.dueAt).toBe(NOW + 600_000);
    expect(progressEvent(job)).toEqual([]);
    expect(planRepair(job, context.nowMs).kind).toBe('describe');
  });

  test('that stopped coming makes the job one that Batch must be asked about', () => {
    expect(planRepair(reported(true), context.nowMs + 180_000).kind).toBe('describe');
  });
});

describe('a refused message', () => {
  const refuse = (
    body: string,
    code: 'field_unknown' | 'tenant_unknown' | 'envelope_unexpected' = 'field_unknown',
    sentAtMs?: number,
    attributes: Record<string, string> = {},
  ) => {
    const why = problem(code, '/prioirty', 'The message schema has no such field.');
    return rejectionOf(
      { id: 'm-1', body, sentAtMs },
      refusedMessage({ id: 'm-1', body, attributes }, why, NOW),
    );
  };
  const body = JSON.stringify({ tenantId: 'acme', jobType: 'csv.summarise', prioirty: 'canary' });

  test('is told to the tenant that it names, with the reason and nothing of its content', () => {
    const [event] = refuse(body);
    expect(event).toMatchObject({
      type: 'job.rejected',
      data: {
        messageId: 'm-1',
        tenantId: 'acme',
        jobType: 'csv.summarise',
        code: 'field_unknown',
        sequence: 1,
      },
    });
    expect(JSON.stringify(event)).not.toContain('canary');
    expect(TenantEvent.parse(event)).toEqual(event);
  });

  test('is the same event however often it is refused', () => {
    expect(refuse(body, 'field_unknown', NOW - 5000)[0]?.timestamp).toBe(new Date(NOW - 5000).toISOString());
  });

  test.each([
    ['is not JSON', '{'],
    ['is no object', '[]'],
    ['names no tenant', '{}'],
    ['names one that cannot be', '{"tenantId":"../acme"}'],
  ])('that %s is published to none', (_, text) => {
    expect(refuse(text)).toEqual([]);
  });

  test.each([
    ['twice', '{"tenantId":"acme","tenantId":"globex"}'],
    ['twice, once with an escape', '{"tenantId":"acme","tenant\\u0049d":"globex"}'],
    ['twice, the same', '{"tenantId":"acme","tenantId":"acme"}'],
    ['in two spellings', '{"tenantId":"acme","tenant_id":"globex"}'],
    ['in another spelling alone', '{"TenantId":"acme"}'],
    ['inside of something else', '{"message":{"tenantId":"acme"}}'],
    ['in one of several', '[{"tenantId":"acme"},{"tenantId":"globex"}]'],
  ])('that names its tenant %s is published to none (F95)', (_, text) => {
    expect(refuse(text)).toEqual([]);
  });

  test('that has another key twice is told to its tenant, without what is uncertain', () => {
    const [event] = refuse('{"tenantId":"acme","jobType":"a.b","jobType":"c.d","input":{"x":1,"x":2}}');
    expect(event?.data).toMatchObject({ tenantId: 'acme' });
    expect(event?.data).not.toHaveProperty('jobType');
  });

  test('that is in the envelope of another service is published to none: the envelope names whom it wants (F95)', () => {
    expect(refuse(body, 'envelope_unexpected')).toEqual([]);
  });

  test('that brings a failed job back is published to none: its tenant has heard of the failure (F95)', () => {
    expect(refuse(body, 'field_unknown', NOW, { deadLetterOf: JOB_ID })).toEqual([]);
  });

  test('that names an unknown tenant is published to none', () => {
    expect(refuse(body, 'tenant_unknown')).toEqual([]);
  });
});

describe('the bytes of a webhook', () => {
  /** What may still change while a job is in a state: the Batch job that has authority, marks of tick, the worker's words. */
  const meanwhile: JobChange = {
    version: 40,
    runId: SECOND,
    dueAt: NOW + 1,
    settled: true,
    refused: [SECOND],
    absences: 2,
    reportedFailure: { code: 'exit_code', message: 'later' },
  };

  test.each(JobState.options.filter((state) => published.includes(`job.${state}`)))(
    'that tells of %s are the same after everything that can change in that state',
    (state) => {
      const before = lifecycleEvent(jobIn(state));
      const after = lifecycleEvent(jobIn(state, meanwhile));
      expect(eventType(jobIn(state, meanwhile))).toBe(`job.${state}`);
      for (const payload of ['standard', 'cloudevents'] as const)
        expect(bodyOf(after, ID, payload)).toBe(bodyOf(before, ID, payload));
    },
  );

  test('stay under 20 kB in the larger form', () => {
    const job = jobIn('succeeded', {
      metadata: { m: 'x'.repeat(4088) },
      result: { inline: 'x'.repeat(8 * 1024 - 2) },
      idempotencyKey: '"'.repeat(128),
    });
    expect(Buffer.byteLength(bodyOf(lifecycleEvent(job), ID, 'cloudevents'))).toBeLessThan(20_000);
  });
});
