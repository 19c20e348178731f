import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fingerprintText } from '../../../../domain/request/admission.ts';
import type { JobRequest } from '../../../../domain/request/request.ts';
import { aRequest } from '../../../support/jobs.ts';

const inputs = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 });
/** As the message carries it: JSON has no negative zero. */
const sent = (input: unknown) => JSON.parse(JSON.stringify(input));

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, child]) => [key, reversed(child)]),
  );
}

describe('two messages are the same request', () => {
  test('when only the order of their fields differs', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const request = aRequest({ input: sent(input), metadata: { a: 1, b: 2 } });
        const shuffled = reversed(request) as JobRequest; // the same fields in another order
        expect(fingerprintText(shuffled)).toBe(fingerprintText(request));
      }),
    );
  });

  test('when only their trace differs', () => {
    const traced = aRequest({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    expect(fingerprintText(traced)).toBe(fingerprintText(aRequest()));
  });
});

describe('two messages are different requests', () => {
  test('exactly when their inputs differ', () => {
    fc.assert(
      fc.property(inputs, inputs, (one, other) => {
        const [a, b] = [sent(one), sent(other)];
        const same = fingerprintText(aRequest({ input: a })) === fingerprintText(aRequest({ input: b }));
        expect(same).toBe(isDeepStrictEqual(a, b));
      }),
    );
  });

  test.each<[string, Partial<JobRequest>]>([
    ['tenant', { tenantId: 'globex' }],
    ['job type', { jobType: 'anything.goes' }],
    ['timeout', { timeoutSeconds: 120 }],
    ['tags', { tags: { a: 'b' } }],
    ['metadata', { metadata: {} }],
    ['place of the input', { input: undefined, inputRef: 's3://bucket/key' }],
  ])('by %s', (_, change) => {
    expect(fingerprintText(aRequest(change))).not.toBe(fingerprintText(aRequest()));
  });

  test('when a list has another order', () => {
    const [ab, ba] = [{ list: [1, 2] }, { list: [2, 1] }];
    expect(fingerprintText(aRequest({ input: ab }))).not.toBe(fingerprintText(aRequest({ input: ba })));
  });
});
