/** The options of `headgate webhook`, as far as they can be read without a stack. */
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { program } from '../../../cli/entries.ts';
import { parse } from '../../../cli/program/parse.ts';
import { deliveriesOptions, replayOptions, requireBounds } from '../../../cli/webhook/options.ts';
import { checkRange } from '../../../domain/webhook/delivery-filter.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-01-05T09:00:00Z');
const MSG = `msg_${'a'.repeat(26)}`;
const DAY_MS = 86_400_000;

test('a list looks back a day unless it is told otherwise', () => {
  const shape = z.object({ since: deliveriesOptions.since.schema, until: deliveriesOptions.until.schema });
  const { since, until } = shape.parse({});
  expect(until - since).toBe(DAY_MS);
  expect(until - shape.parse({ since: '2h' }).since).toBe(7_200_000);
});

test('headers may be given more than once', async () => {
  const args = [
    'webhook',
    'create',
    '--tenant',
    'acme',
    '--url',
    'x',
    '--header',
    'a: 1',
    '--header',
    'b: 2',
  ];
  expect(await parse(program, args)).toMatchObject({ given: { header: ['a: 1', 'b: 2'] } });
});

test.each([
  ['no tenant', ['list'], /--tenant/],
  ['an unknown verb', ['resend'], /resend/],
  ['a rate that is none', ['replay', MSG, '--tenant', 'acme', '--rate', 'fast'], /--rate/],
  ['an id that is none', ['delivery', '../x', '--tenant', 'acme'], /webhook-id/],
  ['an event that is none', ['deliveries', '--tenant', 'acme', '--event', 'job.done'], /job\.succeeded/],
  ['a status that is none', ['deliveries', '--tenant', 'acme', '--status', 'lost'], /--status/],
  ['no reason', ['disable', 'whe_1', '--tenant', 'acme', '--reason', ' '], /why/],
  ['a tenant that cannot be', ['list', '--tenant', '../acme'], /--tenant/],
])('%s is refused in a sentence', async (_, args, sentence) => {
  await expect(run(args)).rejects.toThrow(sentence);
});

/** Refused before it would use any part of its context. */
async function run(args: readonly string[]) {
  const asked = await parse(program, ['webhook', ...args]);
  if (asked.kind !== 'run') throw new Error('It asks for no verb.');
  const context = {
    output: { json: false, show: () => undefined, note: () => undefined, warn: () => undefined },
    environment: {},
    signal: AbortSignal.abort(),
  };
  return asked.verb.run(asked.given, context);
}

test('a replay of everything by mistake is refused', () => {
  const schemas = Object.entries(replayOptions).map(([name, { schema }]) => [name, schema] as const);
  const values = (given: object) => z.object(Object.fromEntries(schemas)).parse({ tenant: 'acme', ...given });
  // The shape has the schemas of these options under their names.
  const check = (given: object) => requireBounds(values(given) as Parameters<typeof requireBounds>[0]);
  expect(() => check({})).toThrow(/--since or --all/);
  for (const given of [{ all: true }, { since: '2h' }, { id: MSG }]) expect(() => check(given)).not.toThrow();
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
