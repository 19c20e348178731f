/** No tenant reads the operator's account, machines, registries or request ids, whatever AWS or a library says. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { classifyRefusal } from '../../../../domain/batch/refusal.ts';
import { failedJob } from '../../../../domain/dead-letter/dead-letter.ts';
import { rejectionOf } from '../../../../domain/dead-letter/rejection.ts';
import { advance } from '../../../../domain/job/advance.ts';
import { classifyFailure, failureOf } from '../../../../domain/job/failure.ts';
import type { Failure } from '../../../../domain/job/job.ts';
import { workerExitCodes } from '../../../../domain/job/job-type.ts';
import type { WholeJob } from '../../../../domain/job/parts.ts';
import { withoutInternals } from '../../../../domain/redaction.ts';
import { Endpoint } from '../../../../domain/webhook/endpoint.ts';
import { lifecycleEvent, progressEvent } from '../../../../domain/webhook/notification.ts';
import { bodyOf } from '../../../../domain/webhook/payload.ts';
import { context, jobIn, NOW } from '../../../support/jobs.ts';
import { endings, handlers, INTERNALS, ownRequest, platform } from '../../../support/platform-texts.ts';

const ID = `msg_${'a'.repeat(26)}`;

/** Everything of a job that reaches its tenant, in every format. */
function toldOf(job: WholeJob): string {
  const events = [lifecycleEvent(job), ...progressEvent(job)];
  const bodies = events.flatMap((event) =>
    Endpoint.shape.payload.unwrap().options.map((payload) => bodyOf(event, ID, payload)),
  );
  return [...bodies, failedJob(job).attributes['reason']].join('\n');
}

const failedWith = (failure: Failure): WholeJob[] =>
  (['failed', 'retrying'] as const).map((state) => jobIn(state, { failure }));

describe("no webhook and no sentence of a dead letter names what is the operator's (F74)", () => {
  test.each(endings.map((seen) => [seen.statusReason ?? 'nothing', seen] as const))('%s', (_, seen) => {
    for (const reported of [undefined, ...handlers.map((message) => ({ code: 'x', message }))]) {
      const { failure } = classifyFailure(seen, reported, workerExitCodes);
      for (const job of failedWith(failure)) expect(toldOf(job)).not.toMatch(INTERNALS);
    }
  });

  test.each([...ownRequest, ...platform])('%s', (_, error) => {
    const refusal = classifyRefusal(error);
    const reason = refusal.kind === 'unavailable' ? refusal.reason : error.message;
    for (const code of ['batch_refused', 'platform_unavailable', 'deadline_exceeded'] as const) {
      const failure = failureOf('platform', code, { reason });
      for (const job of failedWith(failure)) expect(toldOf(job)).not.toMatch(INTERNALS);
      expect(failedJob(jobIn('failed', { failure })).attributes['cause']).toBe(reason);
    }
    const job = jobIn('submitting', { callOpen: true });
    const nextAttemptAt = NOW + 30_000;
    const waiting = advance(job, { kind: 'unavailable', reason, nextAttemptAt }, context);
    expect(toldOf(waiting ?? job)).not.toMatch(INTERNALS);
  });

  test.each(handlers)('a handler that says "%s"', (message) => {
    const failure = { class: 'invalid_input', code: 'bad_row', message } as const;
    for (const job of failedWith(failure)) expect(toldOf(job)).not.toMatch(INTERNALS);
    const progress = { done: 1, note: message, at: NOW };
    expect(toldOf(jobIn('running', { progress, progressVersion: 3 }))).not.toMatch(INTERNALS);
  });

  test.each(handlers)('a refusal of a message that says "%s"', (reason) => {
    const body = JSON.stringify({ tenantId: 'acme' });
    const attributes = {
      code: 'field_invalid',
      pointer: '/input',
      reason,
      refusedAt: '2026-01-05T09:00:00.000Z',
    };
    const events = rejectionOf({ id: 'm', body }, { body, attributes });
    expect(JSON.stringify(events)).not.toMatch(INTERNALS);
  });
});

test('what AWS said reaches the operator whole, in the failure and in the attempt that ended', () => {
  const seen = endings[4] ?? { container: {} };
  const job = jobIn('running');
  const { failure, retryable } = classifyFailure(seen, undefined, workerExitCodes);
  const end = { runId: job.runId ?? '', order: { tries: 1, rank: 9 }, ended: { endedAt: NOW } };
  const next = advance(job, { kind: 'ended_badly', ...end, failure, retryable }, context);
  expect(next?.failure?.reason).toContain('dkr.ecr.eu-central-1.amazonaws.com');
  expect(next?.endedAttempts.at(-1)?.failure?.reason).toBe(next?.failure?.reason);
});

describe("taking out what is the operator's", () => {
  test.each([
    'Row 10 has 4 cells, and the header has 5.',
    'The picture has 120,000,000 pixels; at most 100,000,000 are read.',
    'https://example.com/report.csv answered 404 at 12:30:05.',
    'The total is 1234567.89, and 42 rows were read in 3.5 s.',
    'Version 1.2.3 of the format is not supported.',
    'Größe: 10 €',
  ])('leaves alone: %s', (text) => {
    expect(withoutInternals(text)).toBe(text);
  });

  test('leaves nothing of them in whatever text, and takes out no more the second time', () => {
    const internal = fc.constantFrom(...handlers);
    fc.assert(
      fc.property(fc.string(), internal, fc.string(), (before, text, after) => {
        const told = withoutInternals(`${before} ${text} ${after}`);
        expect(told).not.toMatch(/arn:aws:sts|2b840943-b750|amazonaws\.com|10\.0\.3\.7|db\.prod/);
        expect(withoutInternals(told)).toBe(told);
      }),
    );
  });
});
