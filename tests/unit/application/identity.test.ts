import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fingerprintOf, jobIdOf, webhookIdOf } from '../../../application/job/identity.ts';
import { aRequest, JOB_ID } from '../../support/jobs.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('ids are the same for ever: each computation names the same record', () => {
  // Each is base32(sha256(parts joined by a NUL byte)), lower case, cut to 26; computed with Python's hashlib and base64.
  test.each([
    ['acme', 'report-42', 'job_gvk5fwddgh2o22lu4huknphrdl'],
    ['acme', 'r', 'job_yt3li7ictp7nei2po7zujghqgr'],
    ['acmer', 'eport-42', 'job_2fuu243ovn7hvxdxoenga3ra5g'],
  ])('job %s %s', (tenantId, key, expected) => {
    expect(jobIdOf(tenantId, key)).toBe(expected);
  });

  test('webhook', () => {
    expect(webhookIdOf(JOB_ID, 4, 'whe_1')).toBe('msg_upozillokyp73b7wnl6svj3kq4');
  });

  test('a webhook has another id for another state or endpoint', () => {
    const ids = [[4, 'whe_1'] as const, [5, 'whe_1'] as const, [4, 'whe_2'] as const];
    expect(new Set(ids.map(([sequence, endpoint]) => webhookIdOf(JOB_ID, sequence, endpoint))).size).toBe(3);
  });

  test('fingerprints tell requests apart and ignore their trace', () => {
    const traced = aRequest({ traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` });
    expect(fingerprintOf(traced)).toBe(fingerprintOf(aRequest()));
    expect(fingerprintOf(aRequest({ input: { a: 1 } }))).not.toBe(fingerprintOf(aRequest()));
  });
});

describe('whatever they are made of', () => {
  test('ids have their prefix and 26 characters of base32: no dot, no sign', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.nat(), (a, b, n) => {
        expect(jobIdOf(a, b)).toMatch(/^job_[a-z2-7]{26}$/);
        expect(webhookIdOf(a, n, b)).toMatch(/^msg_[a-z2-7]{26}$/);
      }),
    );
  });

  test('all letters and digits of the alphabet occur: no bit is lost', () => {
    const text = Array.from({ length: 100 }, (_, i) => jobIdOf('acme', `key-${i}`).slice(4)).join('');
    expect(new Set(text).size).toBe(32);
  });
});
