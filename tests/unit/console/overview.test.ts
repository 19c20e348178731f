/** The first screen: what it takes for a need, and what its figures say. */
import { expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import type { Tenant } from '../../../console/api/schema.ts';
import { badgesOf } from '../../../console/app/badge.ts';
import { longestWaitMs, paceText } from '../../../console/overview/longest.ts';
import { attentionOf } from '../../../console/overview/needs.ts';
import { pointsOf } from '../../../console/overview/points.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');

it('puts what the stack itself is late with before what tenants wait for', () => {
  const held: Tenant = {
    tenantId: 'acme',
    inBatch: 0,
    waiting: 3,
    paused: { reason: 'an audit', at: '2026-11-30T11:00:00.000Z' },
  };
  const checks = [
    { id: 'due.late', ok: false, says: 'found an item due for 300 s', fix: 'Read the log.' },
    { id: 'due.set_aside', ok: true, says: 'no item was set aside' },
    { id: 'of.later', ok: false, says: 'found a fault' },
  ];
  expect(attentionOf([held], [], checks, []).map(({ lead, to }) => [lead, to])).toEqual([
    ['Something is late', '/console/health'],
    ['of.later is not well', '/console/health'],
    ['acme is paused', '/console/tenants/acme'],
  ]);
});

it('names the endpoints that fail, and none that a person disabled while it was well', () => {
  const endpoint = {
    id: 'whe_1',
    tenantId: 'acme',
    url: 'https://hooks.acme.example/in',
    events: [],
    payload: 'standard',
    signatures: [],
    headers: [],
  };
  const failingSince = '2026-11-30T11:00:00.000Z';
  const disabled = { reason: 'it failed for five days', at: '2026-11-30T11:30:00.000Z' };
  const needs = attentionOf(
    [],
    [],
    [],
    [
      endpoint,
      { ...endpoint, id: 'whe_2', failingSince },
      { ...endpoint, id: 'whe_3', disabled },
      { ...endpoint, id: 'whe_4', disabled, failingSince },
    ],
  );
  expect(needs.map(({ tone, lead, rest, to }) => [tone, `${lead}${rest}`, to])).toEqual([
    [
      'bad',
      'A webhook endpoint of acme fails: hooks.acme.example/in. Its webhooks are tried again, by the usual plan.',
      '/console/webhooks/acme/whe_2',
    ],
    [
      'held',
      'A webhook endpoint of acme is disabled: hooks.acme.example/in, it failed for five days. Its webhooks are held.',
      '/console/webhooks/acme/whe_4',
    ],
  ]);
});

it.each([
  [[], undefined],
  [[{}], undefined],
  [[{ waitingSince: '2026-11-30T11:59:00.000Z' }, {}, { waitingSince: '2026-11-30T11:58:00.000Z' }], 120_000],
  [[{ waitingSince: '2026-11-30T12:00:05.000Z' }], 0],
])('knows the longest wait of those that are first in line: %j', (tenants, expected) => {
  expect(longestWaitMs(tenants, NOW)).toBe(expected);
});

it.each([
  [0, 'of 40 calls a second some are free', false],
  [0.9, 'of 40 calls a second some are free', false],
  [12, '40 calls a second are taken for 12 s', true],
])('says whether the calls of AWS Batch are taken: for %d s', (takenSeconds, text, isTaken) => {
  expect(paceText({ perSecond: 40, takenSeconds })).toEqual({ text, isTaken });
});

test('sections carry a badge only while something there needs an operator', () => {
  expect(badgesOf(0, false, 0)).toEqual({});
  expect(badgesOf(41, true, 0)).toEqual({ '/failures': { text: '41+', says: 'not run again' } });
  expect(Object.keys(badgesOf(1, false, 2))).toEqual(['/failures', '/health']);
});

test('a line of numbers stays within its frame', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), (values) => {
      for (const point of pointsOf(values).split(' ')) {
        const [x = -1, y = -1] = point.split(',').map(Number);
        expect(x >= 0 && x <= 120 && y >= 0 && y <= 28).toBe(true);
      }
    }),
  );
});
