import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ErrorCode } from '../../../../domain/errors.ts';
import { readJson } from '../../../../domain/request/json.ts';
import { parseRequest } from '../../../../domain/request/request.ts';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const keys = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":{}`).join(',')}}`;

describe('JSON that would break what comes after it is refused', () => {
  test.each<[string, string, ErrorCode, string]>([
    ['text that is not JSON', '{"a":', 'body_not_json', ''],
    ['a string without an end', '{"a":"canary', 'body_not_json', ''],
    ['a bracket too many', '[]]', 'body_not_json', ''],
    ['33 levels', nested(33), 'json_too_deep', '/0'.repeat(32)],
    ['more levels than a stack holds', `{"a":${nested(100_000)}}`, 'json_too_deep', `/a${'/0'.repeat(31)}`],
    ['1,001 keys', keys(1001), 'json_too_many_keys', ''],
    ['one key twice', '{"a":[0,{"b":1,"c":2,"b":"canary"}]}', 'json_duplicate_key', '/a/1/b'],
    ['one key twice, written differently', '{"a":1,"\\u0061":2}', 'json_duplicate_key', '/a'],
    ['__proto__', '{"a":{"__proto__":{"canary":1}}}', 'json_forbidden_key', '/a/__proto__'],
    ['__proto__, written differently', '{"\\u005f_proto__":1}', 'json_forbidden_key', '/__proto__'],
    ['a constructor', '{"constructor":1}', 'json_forbidden_key', '/constructor'],
    ['a backslash', '{"a\\\\b":1}', 'json_forbidden_key', '/a\\b'],
    ['an integer that loses digits', '{"a":12345678901234567890}', 'number_range', '/a'],
    ['one more than the last exact one', '[9007199254740992]', 'number_range', '/0'],
    ['an infinite number', '[1,-1e400]', 'number_range', '/1'],
    ['NaN', '{"a/b":NaN}', 'number_range', '/a~1b'],
    ['a byte order mark', '\ufeff{}', 'body_encoding', ''],
    ['half a character', '{"a":"\ud800"}', 'body_encoding', ''],
    ['half a character, escaped', '{"a":"\\udc00"}', 'body_encoding', ''],
  ])('%s', (_, text, code, pointer) => {
    const json = readJson(text);
    expect(json).toMatchObject({ kind: 'refused', problem: { code, pointer } });
    expect(JSON.stringify(json)).not.toContain('canary');
  });

  test.each([
    ['32 levels', nested(32)],
    ['1,000 keys', keys(1000)],
    ['the last exact integer', '[9007199254740991,-9007199254740991]'],
    ['brackets and commas within strings', '{"a":"[[{,:\\"","b":"}"}'],
    ['what would be a number, in a string after a quote', '{"a":"\\" NaN 1e400"}'],
    ['the same key in two objects', '[{"a":1},{"a":1}]'],
    ['a whole character of two halves', '"\\ud83d\\ude00 😀"'],
    ['a bare word', 'true'],
  ])('%s is read', (_, text) => {
    expect(readJson(text)).toEqual({ kind: 'json', value: JSON.parse(text) });
  });
});

test('no message changes how the keys of the next one are read', () => {
  const read = (text: string) => {
    const json = readJson(text);
    return json.kind === 'json' ? Object.keys(Object(json.value)) : json.problem.code;
  };
  for (const poison of ['\\\\', '\\\\u00e9', '\\\\"']) readJson(`{"first":1,"${poison}":2}`);
  expect(read('{"first":1,"\\u00e9":2}')).toEqual(['first', 'é']);
  expect(read('{"first":1,"\\"":2}')).toEqual(['first', '"']);
});

describe('whatever the text', () => {
  const pieces = fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '1', ' ', 'null', '-', 'e9');

  test('nothing is thrown, and what is read is what JSON.parse reads', () => {
    const scraps = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    const texts = fc.oneof(scraps, fc.json(), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(texts, (text) => {
        const json = readJson(text);
        if (json.kind === 'json') expect(json.value).toEqual(JSON.parse(text));
        if (json.kind === 'refused' && json.problem.code === 'body_not_json')
          expect(() => JSON.parse(text)).toThrow();
      }),
    );
  });
});

describe('what the table or Batch would refuse later is refused at the door', () => {
  const bodyWith = (field: string) =>
    `{"specVersion":"1","tenantId":"acme","jobType":"report.render","input":{},${field}}`;

  test.each([
    // The document client throws on both, so the message would be received until its queue gives up.
    ['a large number in powers of ten', '"metadata":{"n":1e21}'],
    ['a large number with a fraction', '"metadata":{"n":12345678901234567890.5}'],
    // @see Amazon DynamoDB developer guide, "Data types": a number of at least 1E-130
    ['a number too small for DynamoDB', '"metadata":{"n":1e-140}'],
    // @see AWS Batch user guide, "Tag restrictions": the prefix is reserved in upper and lower case
    ["a tag with AWS's prefix in capitals", '"tags":{"AWS:cost":"x"}'],
    ['a tag value with characters AWS does not take', '"tags":{"cost":"#1"}'],
  ])('%s', (_, field) => {
    expect(parseRequest(bodyWith(field)).kind).toBe('refused');
  });
});
