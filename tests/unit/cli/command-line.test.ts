/** Wrong usage of a command is one sentence of ours: the option, what was expected and what arrived. */
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { Misused, readCommand } from '../../../cli/command-line.ts';

const schemas = {
  list: z.strictObject({
    json: z.boolean().optional(),
    limit: z.string().transform(Number).pipe(z.int().min(1)).optional(),
    by: z.enum(['code', 'tenant']).optional(),
    url: z.url().optional(),
    tag: z.array(z.string()).optional(),
  }),
  show: z.strictObject({ id: z.string().min(1) }),
};
const sentenceFor = (...args: string[]) => {
  try {
    readCommand(schemas, args);
  } catch (error) {
    if (error instanceof Misused) return error.message;
    throw error;
  }
  throw new Error('The command was understood.');
};

describe('wrong usage says what was expected and what arrived (M98)', () => {
  test.each([
    [['list', '--limt', '3'], 'There is no option --limt; the nearest is --limit.'],
    [['list', '-x'], 'There is no option -x.'],
    [['list', '--limit'], '--limit: expected a value, found none; --limit=… takes any.'],
    [
      ['list', '--limit', '--json'],
      '--limit: expected a value, found the option --json; --limit=… takes any.',
    ],
    [['list', '--json=yes'], '--json: expected no value, found one.'],
    [['list', '--limit', '0'], '--limit: expected at least 1, found 0.'],
    [['list', '--limit', 'many'], '--limit: expected number, found many.'],
    [['list', '--by', 'size'], '--by: expected one of code, tenant, found size.'],
    [['list', '--url', 'here'], '--url: expected a URL, found a text of 4 characters.'],
    [['list', 'x'], 'list does not take ID.'],
    [['list', 'x', 'y'], 'Expected one argument, found 2.'],
    [['show'], 'ID: expected a value, found none.'],
    [['show', ''], 'ID: expected at least 1 characters, found an empty text.'],
    [['drop'], 'Expected list or show, found drop.'],
  ])('%j', (args, sentence) => {
    expect(sentenceFor(...args)).toBe(sentence);
  });
});

test.each<[string[], object]>([
  [['list', '--limit=3', '--json'], { command: 'list', options: { limit: 3, json: true } }],
  [['list', '--tag', 'a', '--tag=-b'], { command: 'list', options: { tag: ['a', '-b'] } }],
  [['show', '--', '--odd'], { command: 'show', options: { id: '--odd' } }],
])('%j is understood', (args, asked) => {
  expect(readCommand(schemas, args)).toEqual(asked);
});
