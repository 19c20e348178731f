/** The message of an edited copy is one that could be sent, and is another job than the first. */
import { expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { Job } from '../../../console/api/schema.ts';
import { keyAfter, messageIn, messageOf } from '../../../console/jobs/acts/message.ts';
import { parseRequest } from '../../../domain/request/request.ts';

const job: Job = {
  id: `job_${'a'.repeat(26)}`,
  tenantId: 'acme',
  jobType: 'csv.summarise',
  idempotencyKey: 'report-42',
  state: 'failed',
  version: 4,
  attempt: 1,
  priority: 'normal',
  createdAt: '2026-11-30T12:00:00.000Z',
  stateAt: '2026-11-30T12:00:00.000Z',
  attempts: [],
};

it.each<[string, Partial<Job>, object]>([
  ['its input', { input: { csv: 'a' } }, { input: { csv: 'a' } }],
  [
    'the object that its input is',
    { inputRef: 's3://bucket/tenants/acme/inputs/k.json' },
    { inputRef: 's3://bucket/tenants/acme/inputs/k.json' },
  ],
  ['its priority, where it is not the usual one', { priority: 'high' }, { input: {}, priority: 'high' }],
  [
    'its tags, metadata, key and time limit',
    { tags: { plan: 'pro' }, metadata: { u: 1 }, concurrencyKey: 'k', timeoutSeconds: 60 },
    { input: {}, tags: { plan: 'pro' }, metadata: { u: 1 }, concurrencyKey: 'k', timeoutSeconds: 60 },
  ],
  [
    'neither its group, nor what it waited for, nor its times',
    {
      group: 'g',
      dependsOn: [{ idempotencyKey: 'x' }],
      eligibleAt: job.createdAt,
      deadlineAt: job.createdAt,
    },
    { input: {} },
  ],
])('has %s', (_, fields, expected) => {
  const message = messageOf({ ...job, ...fields });
  expect(message).toEqual({ jobType: 'csv.summarise', idempotencyKey: 'report-42-edited', ...expected });
  const sent = JSON.stringify({ specVersion: '1', tenantId: 'acme', ...message });
  expect(parseRequest(sent)).toMatchObject({ kind: 'submit' });
  expect(messageIn(JSON.stringify(message, undefined, 2))).toEqual(message);
});

test('the key of a copy is never that of the job, and no longer than a key may be', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 128 }), fc.nat({ max: 5 }), (first, times) => {
      let key = first;
      for (let i = 0; i <= times; i++) {
        const next = keyAfter(key);
        expect(next).not.toBe(key);
        expect(next.length).toBeLessThanOrEqual(128);
        key = next;
      }
    }),
  );
  expect(keyAfter('a-edited')).toBe('a-edited-2');
  expect(keyAfter('a-edited-9')).toBe('a-edited-10');
});

it.each(['', '{', '[]', '1', 'null'])('a text that is no message is refused with a sentence: %s', (text) => {
  expect(() => messageIn(text)).toThrow(/^Expected the message as /);
});
