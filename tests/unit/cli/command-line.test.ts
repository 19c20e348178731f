/** Wrong usage of a command is one sentence of ours: the option, what was expected and what arrived. */
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { output } from '../../../cli/program/output.ts';
import { type Program, parse } from '../../../cli/program/parse.ts';
import { Stopped } from '../../../cli/program/stopped.ts';
import { flag, option, verb } from '../../../cli/program/verb.ts';

/** The values of the verb that ran last. */
let ran: unknown;
const list = verb({
  summary: 'lists',
  options: {
    quick: flag('soon'),
    limit: option('N', 'so many', z.string().transform(Number).pipe(z.int().min(1)).optional()),
    by: option('FIELD', 'groups', z.enum(['code', 'tenant']).optional()),
    url: option('URL', 'where', z.url().optional()),
    tag: option('TAG', 'those', z.array(z.string()).optional()),
  },
  run: async (values) => {
    ran = values;
    return 'done';
  },
});
const show = verb({
  summary: 'shows',
  argument: 'LETTER',
  options: { id: { effect: '', schema: z.string().min(1) } },
  run: async (values) => {
    ran = values;
    return 'done';
  },
});
const program: Program = {
  name: 'headgate',
  summary: '',
  details: '',
  entries: {
    dlq: { summary: 'letters', load: async () => ({ summary: 'letters', verbs: { list, show } }) },
    tidy: { summary: 'tidies', load: async () => list },
  },
};

async function run(...args: readonly string[]) {
  const asked = await parse(program, args);
  if (asked.kind !== 'run') return asked;
  const silent = { out: () => undefined, err: () => undefined, width: 80, colour: false };
  const context = {
    output: output(silent, asked.json),
    environment: {},
    signal: new AbortController().signal,
  };
  return asked.verb.run(asked.given, context);
}

describe('wrong usage says what was expected and what arrived (M98)', () => {
  test.each([
    [['dlq', 'list', '--limt', '3'], 'headgate dlq list has no option --limt; the nearest is --limit.'],
    [['dlq', 'list', '-x'], 'headgate dlq list has no option -x.'],
    [['dlq', 'list', '--limit'], '--limit: expected a value, found none; --limit=… takes any.'],
    [
      ['dlq', 'list', '--limit', '--json'],
      '--limit: expected a value, found the option --json; --limit=… takes any.',
    ],
    [['dlq', 'list', '--json=yes'], '--json: expected no value, found one.'],
    [['dlq', 'list', '--limit', '1', '--limit', '2'], 'Expected --limit once, found it twice.'],
    [['dlq', 'list', '--limit', '0'], '--limit: expected at least 1, found 0.'],
    [['dlq', 'list', '--limit', '-3'], '--limit: expected at least 1, found -3.'],
    [['dlq', 'list', '--limit', 'many'], '--limit: expected number, found many.'],
    [['dlq', 'list', '--by', 'size'], '--by: expected one of code, tenant, found size.'],
    [['dlq', 'list', '--url', 'here'], '--url: expected a URL, found a text of 4 characters.'],
    [
      ['dlq', 'list', '--by', '\u001b]0;x\u0007'],
      '--by: expected one of code, tenant, found \\u001b]0;x\\u0007.',
    ],
    [['dlq', 'list', 'x'], 'headgate dlq list takes no argument, found x.'],
    [['dlq', 'show', 'x', 'y'], 'headgate dlq show: expected one argument, found 2.'],
    [['dlq', 'show'], 'LETTER: expected a value, found none.'],
    [['dlq', 'show', ''], 'LETTER: expected at least 1 characters, found an empty text.'],
    [['dlq', 'lst'], 'headgate dlq has no lst; the nearest is list.'],
    [['dlq', 'drop'], 'headgate dlq: expected list or show, found drop.'],
    [['dlq'], 'headgate dlq: expected list or show.'],
    [['dql', 'list'], 'headgate: expected dlq or tidy, found dql.'],
    [['tid'], 'headgate has no tid; the nearest is tidy.'],
    [['constructor'], 'headgate: expected dlq or tidy, found constructor.'],
    [[], 'headgate: expected dlq or tidy.'],
  ])('%j', async (args, sentence) => {
    ran = undefined;
    const stopped = await run(...args).catch((error: unknown) => error);
    expect(stopped).toEqual(new Stopped('misused', sentence));
    expect(ran).toBeUndefined();
  });
});

test.each<[string[], object]>([
  [['dlq', 'list', '--limit=3', '--json'], { limit: 3, quick: false }],
  [['dlq', 'list', '--tag', 'a', '--tag=--b'], { tag: ['a', '--b'], quick: false }],
  [['tidy', '--quick'], { quick: true }],
  [['dlq', 'show', '--', '--odd'], { id: '--odd' }],
])('%j is understood', async (args, values) => {
  expect(await run(...args)).toBe('done');
  expect(ran).toEqual(values);
});

test('help is a text of the program, of a noun and of a verb, as wide as was asked', async () => {
  for (const [args, line] of [
    [['--help'], /^ {2}tidy +tidies$/m],
    [['dlq', '--help'], /^ {2}show \[LETTER\] +shows$/m],
    [['dlq', 'list', '--help'], /^ {2}--limit <N> +so many$/m],
  ] as const)
    expect(await run(...args)).toEqual({ kind: 'help', text: expect.stringMatching(line) });
});
