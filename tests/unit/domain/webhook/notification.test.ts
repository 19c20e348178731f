import { describe, expect, test } from '@jest/globals';
import { changed, isFinal, isUnsettled, JobState } from '../../../../domain/job/job.ts';
import {
  eventType,
  isForBus,
  isForNotify,
  isPublished,
  LifecycleEvent,
  lifecycleEvent,
  PublishedEvents,
  WEBHOOK_EVENTS,
} from '../../../../domain/webhook/notification.ts';
import { aJob, FIRST, JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

/** What a receiver must be able to take. */
const MAX_BODY_BYTES = 20_000;
const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

/** The most of one field that its schema lets in, in characters that are one byte each. */
const metadata = { m: 'x'.repeat(4096 - '{"m":""}'.length) };
const inline = 'x'.repeat(8 * 1024 - 2);

describe('what a tenant is told', () => {
  test('of a job that succeeded', () => {
    const job = jobIn('succeeded', { metadata: { order: 7 }, settled: undefined });
    const event = lifecycleEvent(job);
    expect(event).toEqual({
      type: 'job.succeeded',
      timestamp: '2026-01-05T09:00:00.000Z',
      data: {
        jobId: JOB_ID,
        tenantId: 'acme',
        jobType: 'report.render',
        idempotencyKey: 'report-42',
        status: 'succeeded',
        sequence: 4,
        attempt: 1,
        runId: FIRST,
        createdAt: '2026-01-05T09:00:00.000Z',
        startedAt: '2026-01-05T09:00:00.000Z',
        finishedAt: '2026-01-05T09:00:00.000Z',
        result: { inline: { pages: 3 } },
        metadata: { order: 7 },
      },
    });
    expect(LifecycleEvent.parse(event)).toEqual(event);
  });

  test('of a job that failed: why, but not the name of the log stream, nor the words of Batch', () => {
    const failure = {
      class: 'app_error',
      code: 'exit_code',
      message: 'The container ended with exit code 3.',
      exitCode: 3,
      reason: 'canary-reason',
      logStream: 'canary-stream',
    } as const;
    const event = lifecycleEvent(jobIn('failed', { failure }));
    expect(event.data.failure).toEqual({
      class: 'app_error',
      code: 'exit_code',
      message: 'The container ended with exit code 3.',
      exitCode: 3,
    });
    expect(JSON.stringify(event)).not.toContain('canary');
  });

  test.each(JobState.options)(
    'of a job that is %s: nothing of its input, key hash, claim or tags',
    (state) => {
      const job = jobIn(state, {
        input: { password: 'canary' },
        fingerprint: 'canary',
        tags: { canary: 'canary' },
        traceparent: undefined,
        refused: ['canary'],
        reportedFailure: { code: 'canary', message: 'canary' },
      });
      expect(JSON.stringify(lifecycleEvent(job))).not.toContain('canary');
    },
  );

  test('the result is told at the end only, though it was committed before', () => {
    expect(lifecycleEvent(jobIn('running', { result: { inline: 1 } })).data).not.toHaveProperty('result');
    expect(lifecycleEvent(jobIn('failed', { result: { inline: 1 } })).data).not.toHaveProperty('result');
  });

  test('the failure of an earlier attempt is not told of a later one that runs or succeeds', () => {
    const { failure } = jobIn('failed');
    expect(lifecycleEvent(jobIn('running', { failure })).data).not.toHaveProperty('failure');
    expect(lifecycleEvent(jobIn('succeeded', { failure })).data).not.toHaveProperty('failure');
    expect(lifecycleEvent(jobIn('retrying')).data).toHaveProperty('failure');
  });

  test('of a backoff: when the next attempt begins', () => {
    expect(lifecycleEvent(jobIn('retrying')).data.nextAttemptAt).toBe('2026-01-05T09:00:10.000Z');
  });

  test('an object in S3 is named by its address', () => {
    const object = { object: 's3://headgate-jobs/tenants/acme/results/a', bytes: 9, sha256: 'abc' };
    expect(lifecycleEvent(jobIn('succeeded', { result: object })).data.result).toEqual(object);
  });
});

describe('what a stage publishes', () => {
  const steps = JobState.options.filter((state) => !isFinal(state)).map((state) => `job.${state}` as const);
  const others = [
    'job.progress',
    'job.rejected',
    'group.finished',
    'tenant.budget',
    'job.deduplicated',
    'endpoint.disabled',
    'endpoint.ping',
  ] as const;

  test.each(JobState.options.filter(isFinal))('a job that is %s, whatever the parameter says', (state) => {
    for (const published of PublishedEvents.options)
      expect(isPublished(lifecycleEvent(jobIn(state)), published)).toBe(true);
  });

  test.each(['job.accepted', ...steps] as const)('%s on request alone', (type) => {
    expect(isPublished({ type }, 'final')).toBe(false);
    expect(isPublished({ type }, 'all')).toBe(true);
  });

  test.each(others)('%s always: it is rare, or its job type asks for it', (type) => {
    expect(isPublished({ type }, 'final')).toBe(true);
  });

  test('a stage without a bus tells the same to endpoints, and nothing to the bus', () => {
    for (const type of ['job.accepted', 'job.failed', 'job.deduplicated', ...steps] as const) {
      expect(isForBus({ type }, 'none')).toBe(false);
      expect(isForNotify({ type }, 'none')).toBe(isForNotify({ type }, 'final'));
    }
  });

  test('notify is sent exactly what an endpoint may ask for', () => {
    const ends = JobState.options.filter(isFinal).map((state) => `job.${state}` as const);
    const types = ['job.accepted', 'job.deduplicated', ...steps, ...others, ...ends] as const;
    const sent = types.filter((type) => isForNotify({ type }, 'all'));
    expect(new Set(sent)).toEqual(new Set(WEBHOOK_EVENTS));
  });
});

describe('the type and the sequence', () => {
  test('the first record is job.accepted, every later one is called after its state', () => {
    expect(eventType(aJob())).toBe('job.accepted');
    expect(eventType(jobIn('waiting'))).toBe('job.waiting');
    expect(eventType(jobIn('running'))).toBe('job.running');
  });

  test('telling a state again, after changes within it, is the same event', () => {
    const job = jobIn('succeeded');
    const settled = changed(job, { settled: true, dueAt: undefined }, NOW + 99_000);
    expect(settled.version).toBe(job.version + 1);
    expect(lifecycleEvent(settled)).toEqual(lifecycleEvent(job));
  });

  test('another state has a higher sequence', () => {
    const next = changed(jobIn('running'), { state: 'failed' }, NOW);
    expect(lifecycleEvent(next).data.sequence).toBeGreaterThan(
      lifecycleEvent(jobIn('running')).data.sequence,
    );
  });

  test('a final job is owed until it is settled; no other is', () => {
    expect(isUnsettled(jobIn('failed'))).toBe(true);
    expect(isUnsettled(jobIn('failed', { settled: true }))).toBe(false);
    expect(isUnsettled(jobIn('retrying'))).toBe(false);
  });
});

describe('the size of the body', () => {
  test('stays under 20 kB with the most metadata, key and inline result', () => {
    const job = jobIn('succeeded', { metadata, result: { inline }, idempotencyKey: '"'.repeat(128) });
    expect(lifecycleEvent(job).data.result).toEqual({ inline });
    expect(bytes(lifecycleEvent(job))).toBeLessThan(MAX_BODY_BYTES);
  });

  test('a larger result stays in the record', () => {
    const { data } = lifecycleEvent(jobIn('succeeded', { result: { inline: `${inline}x` } }));
    expect(data.result).toEqual({ inRecord: true });
  });

  test('stays under 20 kB when the characters take more than one byte', () => {
    const wide = (text: string) => text.replaceAll('x', '漢');
    const job = jobIn('succeeded', { metadata: { m: wide(metadata.m) }, result: { inline: wide(inline) } });
    expect(bytes(lifecycleEvent(job))).toBeLessThan(MAX_BODY_BYTES);
  });

  test('stays under 20 kB when a worker explains its failure at length', () => {
    const failure = { class: 'app_error', code: 'exit_code', message: 'x'.repeat(30_000) } as const;
    expect(bytes(lifecycleEvent(jobIn('failed', { failure })))).toBeLessThan(MAX_BODY_BYTES);
  });
});
