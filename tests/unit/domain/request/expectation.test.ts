/** What was expected and what arrived, in words of ours, whatever the schema library would say. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { foundName, inOurWords, withFound } from '../../../../domain/request/expectation.ts';
import { explainIssue } from '../../../../domain/request/explain.ts';

const SECRET = 'canary-4711';
const said = (schema: z.ZodType, value: unknown): string => {
  const [issue] = schema.safeParse(value, inOurWords).error?.issues ?? [];
  if (issue === undefined) throw new Error('The value fits its schema.');
  return explainIssue(issue, value).message;
};

const rows: readonly (readonly [z.ZodType, unknown, string])[] = [
  [z.string(), undefined, 'Expected a value of type string, found none.'],
  [z.string(), 7, 'Expected string, found number.'],
  [z.record(z.string(), z.string()), [], 'Expected object, found array.'],
  [z.int(), 1.5, 'Expected integer, found number.'],
  [z.number(), Number.NaN, 'Expected number, found number.'],
  [z.int().min(60), 59, 'Expected at least 60, found 59.'],
  [z.int().max(3600), 7200, 'Expected at most 3600, found 7200.'],
  [z.number().positive(), 0, 'Expected more than 0, found 0.'],
  [z.number().lt(1), 1, 'Expected less than 1, found 1.'],
  [z.int().max(10), 4_111_111_111_111_111, 'Expected at most 10, found a number of many digits.'],
  [z.number().multipleOf(5), 7, 'Expected a multiple of 5, found 7.'],
  [z.string().min(1), '', 'Expected at least 1 characters, found an empty text.'],
  [z.string().max(3), SECRET, 'Expected at most 3 characters, found a text of 11 characters.'],
  [z.string().length(1), SECRET, 'Expected exactly 1 characters, found a text of 11 characters.'],
  [z.array(z.int()).min(1), [], 'Expected at least 1 items, found an array of 0.'],
  [z.array(z.int()).max(1), [1, 2], 'Expected at most 1 items, found an array of 2.'],
  [z.enum(['webp', 'png']), SECRET, 'Expected one of webp, png, found a text of 11 characters.'],
  [z.literal(3), 4, 'Expected 3, found 4.'],
  [z.union([z.string(), z.number()]), true, 'Expected string or number, found boolean.'],
  [
    z.union([z.strictObject({ a: z.int() }), z.strictObject({ b: z.int() })]),
    {},
    'Expected one of the forms that this field may have, found object.',
  ],
  [
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') })]),
    { kind: SECRET },
    'Expected a known value as kind, found object.',
  ],
  [z.url(), SECRET, 'Expected a URL, found a text of 11 characters.'],
  [z.email(), SECRET, 'Expected an e-mail address, found a text of 11 characters.'],
  [z.uuid(), SECRET, 'Expected a UUID, found a text of 11 characters.'],
  [z.iso.datetime(), SECRET, 'Expected an ISO 8601 date and time, found a text of 11 characters.'],
  [z.ipv4(), SECRET, 'Expected an IPv4 address, found a text of 11 characters.'],
  [
    z.string().startsWith('s3://'),
    SECRET,
    'Expected text that begins with "s3://", found a text of 11 characters.',
  ],
  [z.string().regex(/^a+$/), SECRET, 'Expected text of the form /^a+$/, found a text of 11 characters.'],
  [
    z.string().regex(/^a+$/, 'expected letters a'),
    SECRET,
    'Expected letters a, found a text of 11 characters.',
  ],
  [z.string().refine(() => false), SECRET, 'Expected another value, found a text of 11 characters.'],
  [z.strictObject({}), { a: 1 }, 'Expected no field a, found object.'],
  [
    z.record(z.string().max(1), z.int()),
    { abc: 1 },
    'Expected a key of at most 1 characters, found a text of 3 characters.',
  ],
];

describe('a value that does not fit is explained with what was expected and what arrived (M98)', () => {
  const bySentence = rows.map(([schema, value, sentence]) => ({ sentence, schema, value }));
  test.each(bySentence)('$sentence', ({ schema, value, sentence }) => {
    expect(said(schema, value)).toBe(sentence);
  });

  test.each(bySentence)('in no word of the library: $sentence', ({ schema, value }) => {
    expect(said(schema, value)).not.toMatch(
      /Too (small|big)|Invalid|received|Unrecognized|Expected.*to be|canary/,
    );
  });
});

test('what arrived is named without its content', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 9 }), (text) => {
      expect(foundName(text)).toBe(`a text of ${text.length} characters`);
    }),
  );
});

test('a sentence that says what it found is left as it is', () => {
  expect(withFound('expected one, found two', 3)).toBe('expected one, found two');
});
