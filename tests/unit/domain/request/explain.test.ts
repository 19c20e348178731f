/** How a message that does not fit its schema is explained: one problem, with its place and without its value. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { inOurWords, typeName } from '../../../../domain/request/expectation.ts';
import { explain, explainIssue, jsonPointer } from '../../../../domain/request/explain.ts';

const Message = z.strictObject({
  specVersion: z.literal('1'),
  tenantId: z.string().max(8, 'expected at most 8 characters'),
  count: z.int().optional(),
  tags: z.record(z.string(), z.string()).optional(),
  pages: z.array(z.strictObject({ rows: z.array(z.int()) })).optional(),
});
const fields = {
  known: ['specVersion', 'tenantId', 'count', 'tags', 'pages'],
  reserved: ['schedule'],
  forbidden: ['command'],
};
const valid = { specVersion: '1', tenantId: 'acme' };

function problemOf(body: object) {
  const { error } = Message.safeParse(body, inOurWords);
  if (error === undefined) throw new Error('The message fits its schema.');
  return explain(error, body, fields);
}

describe('of several faults, the one that explains the others is told:', () => {
  it('an unknown version before everything else', () => {
    expect(problemOf({ specVersion: '2', tenant: 'acme', count: 'x' })).toEqual({
      code: 'unsupported_version',
      pointer: '/specVersion',
      message: 'Expected specVersion "1", the only version that this stack accepts.',
    });
  });

  it('a missing version before everything else', () => {
    expect(problemOf({ tenant: 'acme' })).toMatchObject({ code: 'unsupported_version' });
  });

  it('a misspelt field before the field that is missing for it', () => {
    expect(problemOf({ specVersion: '1', tenantID: 'acme' })).toEqual({
      code: 'field_unknown',
      pointer: '/tenantID',
      message: 'The message schema has no such field. Did you mean tenantId?',
    });
  });

  it('names of another convention before the fields that are missing for them (M98)', () => {
    expect(problemOf({ spec_version: '1', tenant_id: 'acme' })).toEqual({
      code: 'field_unknown',
      pointer: '/spec_version',
      message: 'Expected names in camelCase: specVersion, tenantId; found spec_version, tenant_id.',
    });
    expect(problemOf({ ...valid, Count: 1 })).toMatchObject({ pointer: '/Count' });
    expect(problemOf({ ...valid, 'tenant-id': 'acme' })).toMatchObject({ pointer: '/tenant-id' });
  });

  it('otherwise the first', () => {
    expect(problemOf({ ...valid, tenantId: 7, count: 'x' })).toMatchObject({ pointer: '/tenantId' });
  });
});

describe('a field that the schema does not have', () => {
  it.each([
    [
      'is reserved',
      'schedule',
      'not_supported_yet',
      'The field schedule is reserved and not supported yet; leave it out.',
    ],
    [
      'is decided by the job type',
      'command',
      'field_forbidden',
      'The field command is decided by the job type; leave it out.',
    ],
    [
      'is near a reserved one',
      'shedule',
      'field_unknown',
      'The message schema has no such field. Did you mean schedule?',
    ],
    ['is like none', 'zzz', 'field_unknown', 'The message schema has no such field.'],
  ])('is explained when it %s', (_title, field, code, message) => {
    expect(problemOf({ ...valid, [field]: 'x' })).toEqual({ code, pointer: `/${field}`, message });
  });
});

describe('a field that the schema has', () => {
  it.each([
    [
      'is missing',
      { specVersion: '1' },
      'field_missing',
      '/tenantId',
      'Expected a value of type string, found none.',
    ],
    [
      'has the wrong type',
      { ...valid, tenantId: 7 },
      'field_type',
      '/tenantId',
      'Expected string, found number.',
    ],
    ['is null', { ...valid, tenantId: null }, 'field_type', '/tenantId', 'Expected string, found null.'],
    ['is an array', { ...valid, tags: [] }, 'field_type', '/tags', 'Expected object, found array.'],
    [
      'is not a whole number',
      { ...valid, count: 1.5 },
      'field_type',
      '/count',
      'Expected integer, found number.',
    ],
    [
      'breaks its rule',
      { ...valid, tenantId: 'x'.repeat(9) },
      'field_invalid',
      '/tenantId',
      'Expected at most 8 characters, found a text of 9 characters.',
    ],
    [
      'is wrong deep inside',
      { ...valid, pages: [{ rows: [1, 'x'] }] },
      'field_type',
      '/pages/0/rows/1',
      'Expected number, found string.',
    ],
    [
      'lacks something deep inside',
      { ...valid, pages: [{}] },
      'field_missing',
      '/pages/0/rows',
      'Expected a value of type array, found none.',
    ],
  ])('is explained when it %s', (_title, body, code, pointer, message) => {
    expect(problemOf(body)).toEqual({ code, pointer, message });
  });

  it('is named with its place in the whole message when only a part was read', () => {
    const value = { tenantId: 7 };
    const issue = Message.safeParse(value).error?.issues.find(({ path }) => path[0] === 'tenantId');
    if (issue === undefined) throw new Error('The part fits its schema.');
    expect(explainIssue(issue, value, '/input').pointer).toBe('/input/tenantId');
  });
});

describe('the place of a fault', () => {
  it.each([
    [[], ''],
    [['input', 'pages', 0], '/input/pages/0'],
    [['a/b', 'm~n', ''], '/a~1b/m~0n/'],
    [['~1'], '/~01'],
  ])('%j is written as a JSON pointer: %s', (path, pointer) => {
    expect(jsonPointer(path)).toBe(pointer);
  });

  it('leads a reader of RFC 6901 back to the same keys', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 12 })), (path) => {
        const read = jsonPointer(path).split('/').slice(1);
        expect(read.map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))).toEqual(path);
      }),
    );
  });

  it('shows 64 characters of a key, and no half of a character', () => {
    expect(jsonPointer(['x'.repeat(65)])).toBe(`/${'x'.repeat(64)}`);
    expect(jsonPointer([`${'x'.repeat(63)}😀`])).toBe(`/${'x'.repeat(63)}\ufffd`);
  });
});

it.each([
  ['null', null],
  ['array', []],
  ['object', {}],
  ['string', ''],
  ['number', 0],
  ['boolean', false],
  ['undefined', undefined],
])('a value of type %s is called by that name', (name, value) => {
  expect(typeName(value)).toBe(name);
});
