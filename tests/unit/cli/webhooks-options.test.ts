import { describe, expect, test } from '@jest/globals';
import { readArguments } from '../../../cli/webhooks-options.ts';
import { checkRange } from '../../../domain/webhook/delivery-filter.ts';
import { NOW } from '../../support/jobs.ts';

const read = (...args: string[]) => readArguments(args, NOW);
const DAY = 86_400_000;
const MSG = `msg_${'a'.repeat(26)}`;

test('list looks back a day unless it is told otherwise', () => {
  expect(read('list', '--tenant', 'acme')).toMatchObject({ options: { since: NOW - DAY, until: NOW } });
  expect(read('list', '--tenant', 'acme', '--since', '2h')).toMatchObject({
    options: { since: NOW - 7_200_000 },
  });
});

test('headers may be given more than once', () => {
  const asked = read('create', '--tenant', 'acme', '--url', 'x', '--header', 'a: 1', '--header', 'b: 2');
  expect(asked).toMatchObject({ options: { header: ['a: 1', 'b: 2'], signature: 'v1' } });
});

test.each([
  ['no tenant', ['list'], /--tenant/],
  ['an unknown command', ['resend'], /resend/],
  ['a replay of everything by mistake', ['replay', '--tenant', 'acme'], /--since or --all/],
  ['a rate that is none', ['replay', MSG, '--tenant', 'acme', '--rate', 'fast'], /--rate/],
  ['an id that is none', ['show', '../x', '--tenant', 'acme'], /webhook-id/],
  ['an event that is none', ['list', '--tenant', 'acme', '--event', 'job.done'], /job\.succeeded/],
  ['a status that is none', ['list', '--tenant', 'acme', '--status', 'lost'], /--status/],
  ['no reason', ['disable', '--tenant', 'acme', '--endpoint', 'whe_1', '--reason', ' '], /why/],
  ['a tenant that cannot be', ['list', '--tenant', '../acme'], /--tenant/],
])('%s is refused in a sentence', (_, args, sentence) => {
  expect(() => read(...args)).toThrow(sentence);
});

describe('a range', () => {
  test.each([
    [NOW - DAY, NOW, undefined],
    [NOW - 30 * DAY, NOW, undefined],
    [NOW - 31 * DAY, NOW, 'range_invalid'],
    [NOW - 3650 * DAY, NOW, 'range_invalid'],
    [NOW, NOW - 1, 'range_invalid'],
  ])('from %d to %d: %s (M66)', (fromMs, toMs, code) => {
    expect(checkRange({ fromMs, toMs })?.code).toBe(code);
  });
});
