/** Traces: where they come from, which jobs are traced, and the spans of each kind of end. */
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { EndedAttempt, JobChange, JobState } from '../../../../domain/job/job.ts';
import {
  attemptTraceparent,
  isTraced,
  spanIdOf,
  traceContextIn,
  traceIdOf,
  traceparentBeside,
  traceparentOf,
} from '../../../../domain/trace/context.ts';
import { otlpOf } from '../../../../domain/trace/otlp.ts';
import { type Span, spansOf, trySpan } from '../../../../domain/trace/spans.ts';
import type { Delivery } from '../../../../domain/webhook/delivery.ts';
import { FIRST, JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const sampled = `00-${TRACE}-${SPAN}-01`;

describe('a traceparent', () => {
  test.each<[string, string | undefined, boolean | undefined]>([
    ['that is sampled', sampled, true],
    ['that is not', `00-${TRACE}-${SPAN}-00`, false],
    ['with flags of a later day', `00-${TRACE}-${SPAN}-03`, true],
    ['of a later version, which may have more', `01-${TRACE}-${SPAN}-01-what`, true],
    ['with more than its version has', `${sampled}-what`, undefined],
    ['of the version that none may be', `ff-${TRACE}-${SPAN}-01`, undefined],
    ['without a trace', `00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
    ['without a span', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    ['in capitals', sampled.toUpperCase(), undefined],
    ['that is absent', undefined, undefined],
  ])('%s is read by the rules of W3C', (_, text, isSampled) => {
    expect(traceContextIn(text)?.isSampled).toBe(isSampled);
  });

  it('that was read is written as it was', () => {
    const context = traceContextIn(sampled);
    expect(context && traceparentOf(context)).toBe(sampled);
  });

  test.each<[string, Record<string, string>, string | undefined, string | undefined]>([
    [
      'of an attribute',
      { traceparent: sampled },
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      sampled,
    ],
    [
      'of X-Ray',
      {},
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1',
      '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01',
    ],
    [
      'of X-Ray that is not sampled',
      {},
      'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0',
      '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-00',
    ],
    ['of X-Ray, when the attribute is none', { traceparent: 'x' }, 'Parent=53995c3f42cd8ad8', undefined],
  ])('beside a message is that %s', (_, attributes, header, expected) => {
    expect(traceparentBeside(attributes, header)).toBe(expected);
  });
});

describe('the ids of a trace', () => {
  it('are those of the sender, or made of the job, and always the same', () => {
    expect(traceIdOf(jobIn('running', { traceparent: sampled }))).toBe(TRACE);
    const own = traceIdOf(jobIn('running', { traceparent: undefined }));
    expect(own).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf(jobIn('failed', { traceparent: undefined }))).toBe(own);
  });

  it('differ for different jobs and spans', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz234567'),
      minLength: 25,
      maxLength: 25,
    });
    fc.assert(
      fc.property(fc.uniqueArray(letters, { minLength: 2, maxLength: 20 }), (ids) => {
        const traces = ids.map((id) => traceIdOf({ jobId: `job_${id}a`, traceparent: undefined }));
        expect(new Set(traces).size).toBe(ids.length);
        for (const id of traces) expect(id).toMatch(/^[0-9a-f]{32}$/);
      }),
    );
    const names = Array.from({ length: 1000 }, (_, n) => spanIdOf(JOB_ID, `attempt ${n}`));
    expect(new Set(names).size).toBe(names.length);
  });
});

test.each<[string, JobState, JobChange, number, boolean]>([
  ['as its sender wants', 'succeeded', { traceparent: sampled }, 0, true],
  ['not, as its sender wants', 'failed', { traceparent: `00-${TRACE}-${SPAN}-00` }, 1, false],
  ['when all are', 'succeeded', {}, 1, true],
  ['not, when none are', 'succeeded', {}, 0, false],
  ['when it failed', 'failed', {}, 0, true],
])('a job is traced %s', (_, state, change, sampling, expected) => {
  const job = jobIn(state, change);
  expect(isTraced(job, sampling)).toBe(expected);
  expect(attemptTraceparent(job, sampling).endsWith(expected ? '-01' : '-00')).toBe(true);
});

describe('the spans of a job', () => {
  const at = (seconds: number) => NOW + seconds * 1000;
  const ended = (attempt: number, from: number, change: Partial<EndedAttempt> = {}): EndedAttempt => ({
    attempt,
    runId: FIRST,
    startingAt: at(from),
    startedAt: at(from + 5),
    endedAt: at(from + 10),
    ...change,
  });
  const lines = (spans: readonly Span[]) => {
    const names = new Map(spans.map(({ spanId, name }) => [spanId, name]));
    return spans.map(({ name, parentSpanId = '', startMs, endMs }) => {
      const [from, to] = [startMs, endMs].map((ms) => (ms - NOW) / 1000);
      return `${names.get(parentSpanId) ?? '-'} > ${name} ${from}-${to}`;
    });
  };
  const failure = { class: 'app_error', code: 'exit_code', message: 'x' } as const;

  test.each<[string, JobState, JobChange, string[]]>([
    [
      'that was tried twice',
      'succeeded',
      {
        createdAt: at(0),
        eligibleAt: at(2),
        finishedAt: at(40),
        endedAttempts: [ended(1, 4, { failure }), ended(2, 30)],
      },
      [
        '- > job report.render 0-40',
        'job report.render > intake 0-0',
        'job report.render > waiting 1 2-4',
        'job report.render > attempt 1 4-14',
        'attempt 1 > starting 4-9',
        'attempt 1 > running 9-14',
        'job report.render > waiting 2 14-30',
        'job report.render > attempt 2 30-40',
        'attempt 2 > starting 30-35',
        'attempt 2 > running 35-40',
      ],
    ],
    [
      'that was cancelled while it waited',
      'cancelled',
      { createdAt: at(0), finishedAt: at(9), endedAttempts: [] },
      ['- > job report.render 0-9', 'job report.render > intake 0-0', 'job report.render > waiting 1 0-9'],
    ],
    [
      'whose image could not be pulled',
      'failed',
      {
        createdAt: at(0),
        finishedAt: at(14),
        endedAttempts: [ended(1, 4, { startedAt: undefined, failure })],
      },
      [
        '- > job report.render 0-14',
        'job report.render > intake 0-0',
        'job report.render > waiting 1 0-4',
        'job report.render > attempt 1 4-14',
        'attempt 1 > starting 4-14',
      ],
    ],
    [
      'of a version before, which kept less',
      'succeeded',
      { createdAt: at(0), finishedAt: at(14), endedAttempts: [{ attempt: 1, endedAt: at(14) }] },
      [
        '- > job report.render 0-14',
        'job report.render > intake 0-0',
        'job report.render > waiting 1 0-14',
        'job report.render > attempt 1 14-14',
      ],
    ],
  ])('%s', (_, state, change, expected) => {
    const job = jobIn(state, { eligibleAt: undefined, startedAt: undefined, ...change });
    expect(lines(spansOf(job))).toEqual(expected);
    expect(spansOf(job)).toEqual(spansOf(job));
  });

  it('begin below the span of the sender, and tell nothing of the input', () => {
    const job = jobIn('failed', {
      traceparent: sampled,
      input: { title: 'canary' },
      metadata: { note: 'canary' },
    });
    const [root] = spansOf(job);
    expect(root).toMatchObject({ parentSpanId: SPAN, traceId: TRACE, error: 'exit_code' });
    expect(JSON.stringify(otlpOf(spansOf(job)))).not.toContain('canary');
  });

  it('have one for each try of a webhook, whatever is repeated', () => {
    const delivery: Delivery = {
      tenantId: 'acme',
      endpointId: 'whe_1',
      at: new Date(NOW).toISOString(),
      webhookId: `msg_${'a'.repeat(26)}`,
      jobId: JOB_ID,
      eventType: 'job.failed',
      body: '{}',
      status: 'pending',
      tries: 1,
      traceparent: sampled,
    };
    const outcome = { startMs: at(1), endMs: at(2), answer: 'http_500', isSuccess: false };
    const second = trySpan(delivery, outcome);
    expect(second).toMatchObject({
      parentSpanId: SPAN,
      traceId: TRACE,
      error: 'http_500',
      attributes: { 'headgate.try': 2 },
    });
    expect(trySpan(delivery, outcome)?.spanId).toBe(second?.spanId);
    expect(trySpan({ ...delivery, tries: 2 }, outcome)?.spanId).not.toBe(second?.spanId);
    expect(trySpan({ ...delivery, traceparent: undefined }, outcome)).toBeUndefined();
  });
});
