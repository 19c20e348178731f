import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  effectiveKeyOf,
  failedJob,
  refusedMessage,
  requestOf,
} from '../../../../domain/dead-letter/dead-letter.ts';
import { problem } from '../../../../domain/errors.ts';
import { fingerprintText, newJob } from '../../../../domain/request/admission.ts';
import { parseRequest } from '../../../../domain/request/request.ts';
import { aRequest, JOB_ID, jobIn, NOW } from '../../../support/jobs.ts';

const letter = (pointer: string, message = 'Expected a value.') =>
  refusedMessage(
    { id: 'message-1', body: '{"a":', attributes: { effectiveKey: 'key-1' } },
    problem('field_invalid', pointer, message),
    NOW,
  );

test('a refused message keeps its body to the byte, with the reason and its key beside it', () => {
  expect(letter('/tenantId')).toEqual({
    body: '{"a":',
    attributes: {
      code: 'field_invalid',
      pointer: '/tenantId',
      reason: 'Expected a value.',
      messageId: 'message-1',
      effectiveKey: 'key-1',
      refusedAt: '2026-01-05T09:00:00.000Z',
    },
  });
});

test('the place of a refusal of the whole message is still a value: SQS takes no empty attribute', () => {
  expect(letter('').attributes['pointer']).toBe('/');
});

test.each(['/a\u0000b', '/a\nb', '/a\ud800b', '/a\u{1f600}b', '/a\u007fb'])(
  'a field called %j cannot make SQS refuse the letter',
  (pointer) => {
    expect(letter(pointer).attributes['pointer']).toBe('/a?b');
  },
);

test('a letter is hardly larger than the message, however long a field name was', () => {
  const { attributes } = letter(`/tags/${'x'.repeat(100_000)}`, 'y'.repeat(100_000));
  expect(JSON.stringify(attributes).length).toBeLessThan(1500);
});

describe('the letter of a redrive that was refused', () => {
  const { body, attributes } = failedJob(jobIn('failed', { attempt: 3 }));
  const why = problem('tenant_suspended', '/tenantId', 'The tenant is suspended and may not start jobs.');
  const refused = refusedMessage({ id: 'message-2', body, attributes }, why, NOW + 5000);

  test('still names the failed job, with what it said of it (F68)', () => {
    expect(refused).toEqual({
      body,
      attributes: {
        ...attributes,
        code: 'tenant_suspended',
        pointer: '/tenantId',
        reason: why.message,
        refusedAt: '2026-01-05T09:00:05.000Z',
      },
    });
  });

  test('fits into the ten attributes that SQS takes, however often it is refused', () => {
    const again = refusedMessage({ id: 'message-3', ...refused }, why, NOW);
    expect(Object.keys(again.attributes).length).toBeLessThanOrEqual(10);
    expect(again.attributes['deadLetterOf']).toBe(JOB_ID);
  });

  test('names no job when the attribute is not the id of one', () => {
    const stranger = { id: 'message-2', body, attributes: { deadLetterOf: 'nothing of ours' } };
    expect(refusedMessage(stranger, why, NOW).attributes).toMatchObject({ effectiveKey: 'message-2' });
  });
});

test('a letter without a key whose job is gone is one job, however often SQS gives it another id', () => {
  const attributes = { deadLetterOf: JOB_ID };
  expect(effectiveKeyOf({ id: 'message-1', attributes })).toBe(
    effectiveKeyOf({ id: 'message-2', attributes }),
  );
});

describe('the letter of a failed job', () => {
  test('says why, when, after how many attempts, and which job it was', () => {
    const failure = { class: 'app_error', code: 'exit_code', message: 'Line end:\n.' } as const;
    const endedAttempts = [1, 2].map((attempt) => ({ attempt, endedAt: NOW + attempt * 1000, failure }));
    expect(failedJob(jobIn('failed', { attempt: 2, failure, endedAttempts })).attributes).toEqual({
      code: 'exit_code',
      class: 'app_error',
      reason: 'Line end:?.',
      attempts: '2',
      firstFailureAt: '2026-01-05T09:00:01.000Z',
      lastFailureAt: '2026-01-05T09:00:02.000Z',
      deadLetterOf: JOB_ID,
    });
  });

  test('has the request in it, as it was accepted: sent again, it is the same request', () => {
    const optional = {
      idempotencyKey: fc.constant('report-42'),
      input: fc.constant({ title: 'Sales' }),
      delaySeconds: fc.nat(100),
      ttlSeconds: fc.integer({ min: 1, max: 100 }),
      deadlineSeconds: fc.integer({ min: 60, max: 100 }),
      timeoutSeconds: fc.integer({ min: 60, max: 100 }),
      tags: fc.constant({ team: 'a' }),
      metadata: fc.constant({ order: 7 }),
    };
    fc.assert(
      fc.property(fc.record(optional, { requiredKeys: [] }), (change) => {
        const request = aRequest(change);
        const key = request.idempotencyKey === undefined ? { keyGiven: false as const } : {};
        const identity = { jobId: JOB_ID, idempotencyKey: 'report-42', fingerprint: 'f', ...key };
        const job = { ...newJob(request, identity, NOW), state: 'failed' as const };
        expect(fingerprintText(requestOf(job))).toBe(fingerprintText(request));
        expect(parseRequest(failedJob(job).body)).toEqual({ kind: 'submit', request });
      }),
    );
  });
});
