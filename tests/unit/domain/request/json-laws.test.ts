import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { ErrorCode } from '../../../../domain/errors.ts';
import { readJson } from '../../../../domain/request/json.ts';

jest.setTimeout(60_000);

function refusal(text: string) {
  const json = readJson(text);
  if (json.kind === 'json') throw new Error('The text was taken');
  return json.problem;
}

describe('a refusal says what was expected and what was found, and repeats no value', () => {
  test.each([
    ['no JSON', 'zq canary'],
    ['an escape that is none', '{"\\x":"canary"}'],
    ['a byte order mark', '\ufeff"canary"'],
    ['too deep', `["canary",${'['.repeat(40)}`],
    ['too many keys', `[${'{"a":"canary"},'.repeat(1001)}`],
    ['a key twice', '{"a":"canary","a":1}'],
    ['a forbidden key', '{"prototype":"canary"}'],
    ['a number out of range', '["canary",1e999]'],
  ])('%s', (_, text) => {
    const problem = refusal(text);
    expect(problem.message).toMatch(/^Expected .{4,200}, found .{4,100}\.$/);
    expect(JSON.stringify(problem)).not.toContain('canary');
  });

  test.each([
    ['\ufeff{}', 0],
    ['{"a":"b\ud83d"}', 7],
    ['{"a":"😀\udc00"}', 8],
    ['{"a":"b\\ud83d"}', 5],
  ])('and where %j stops being text', (text, offset) => {
    expect(refusal(text)).toMatchObject({ code: 'body_encoding', pointer: '' });
    expect(refusal(text).message).toContain(` at offset ${offset}.`);
  });

  test('a key of any length leaves a short pointer of whole characters', () => {
    const { pointer } = refusal(`{"${'😀x'.repeat(100_000)}":1e999}`);
    expect(pointer.length).toBeLessThanOrEqual(65);
    expect(pointer.isWellFormed()).toBe(true);
  });
});

describe('a text of any size is walked once, without running out of stack (F16)', () => {
  const COUNT = 5_000_000;
  test.each([
    ['one string', `"${'x'.repeat(COUNT)}"`, 'json'],
    ['one string of escapes', `"${'\\n'.repeat(COUNT)}"`, 'json'],
    ['one string of escaped quotes that never ends', `"${'\\"'.repeat(COUNT)}`, 'refused'],
    ['one word', 'x'.repeat(COUNT), 'refused'],
    ['one number', '1'.repeat(COUNT), 'refused'],
    ['one array', `[0${',0'.repeat(COUNT / 10)}]`, 'json'],
    ['brackets', '['.repeat(COUNT), 'refused'],
    ['backslashes', '\\'.repeat(COUNT), 'refused'],
    ['quotes', '"'.repeat(COUNT / 10), 'refused'],
  ])('%s', (_, text, kind) => {
    expect(readJson(text).kind).toBe(kind);
  });
});

/** JSON as a sender may write it: entries in order, so that a key can appear twice, and numbers as they are spelt. */
type Tree =
  | { readonly kind: 'word' | 'number' | 'string'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly Tree[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, value: Tree])[] };

const goodNumbers = ['0', '-0', '-7', '0.5', '1E2', '9007199254740991', '-1.5e+10'];
const badNumbers = ['1e400', '-1E+999', '9007199254740992', '-12345678901234567890'];
const badKeys = ['__proto__', 'constructor', 'prototype'];
const isBadKey = (key: string) => badKeys.includes(key) || key.includes('\\');

const mostly = (usual: fc.Arbitrary<string>, rare: readonly string[]) =>
  fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...rare) });
const characters = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 4 }),
  fc.constantFrom('a', '/~', '"', '\\', '",'),
);
const is = <const K extends Tree['kind']>(kind: K) => ({ kind: fc.constant(kind) });

const { tree: trees } = fc.letrec<{ tree: Tree; leaf: Tree }>((tie) => ({
  leaf: fc.oneof(
    fc.record({ ...is('word'), text: fc.constantFrom('null', 'true', 'false') }),
    fc.record({ ...is('number'), text: mostly(fc.constantFrom(...goodNumbers), badNumbers) }),
    fc.record({ ...is('string'), text: characters }),
  ),
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.record({ ...is('array'), items: fc.array(tie('tree'), { maxLength: 4 }) }),
    fc.record({
      ...is('object'),
      entries: fc.array(fc.tuple(mostly(characters, [...badKeys, '\\', '\\u00e9']), tie('tree')), {
        maxLength: 4,
      }),
    }),
  ),
}));

/** Writes the tree, with spaces and escapes where the dice say so. */
function spelt(tree: Tree, dice: () => number): string {
  const space = () => [' ', '\n\t', '', '', ''][dice() % 5] ?? '';
  const escaped = (char: string) =>
    Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join('');
  const string = (text: string) =>
    `"${[...text].map((char) => (dice() % 4 === 0 ? escaped(char) : JSON.stringify(char).slice(1, -1))).join('')}"`;
  switch (tree.kind) {
    case 'array':
      return `[${tree.items.map((item) => spelt(item, dice)).join(',')}${space()}]`;
    case 'object': {
      const entries = tree.entries.map(
        ([key, value]) => `${space()}${string(key)}${space()}:${spelt(value, dice)}`,
      );
      return `{${entries.join(',')}}`;
    }
    case 'string':
      return string(tree.text) + space();
    default:
      return space() + tree.text;
  }
}

const pointerOf = (path: readonly string[]) =>
  path.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** What must be refused, in the order in which a reader meets it. */
function* badPlaces(
  tree: Tree,
  path: readonly string[] = [],
): Generator<{ code: ErrorCode; pointer: string }> {
  if (tree.kind === 'number' && badNumbers.includes(tree.text)) {
    yield { code: 'number_range', pointer: pointerOf(path) };
  }
  if (tree.kind === 'array') {
    for (const [i, item] of tree.items.entries()) yield* badPlaces(item, [...path, String(i)]);
  }
  if (tree.kind === 'object') {
    const known = new Set<string>();
    for (const [key, value] of tree.entries) {
      const pointer = pointerOf([...path, key]);
      if (isBadKey(key)) yield { code: 'json_forbidden_key', pointer };
      if (known.has(key)) yield { code: 'json_duplicate_key', pointer };
      known.add(key);
      yield* badPlaces(value, [...path, key]);
    }
  }
}

test('however JSON is written, what must be refused is refused at its place, and the rest is what JSON.parse reads', () => {
  const throws = fc.array(fc.nat(19), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(trees, throws, (tree, throws) => {
      let thrown = 0;
      const text = spelt(tree, () => throws[thrown++ % throws.length] ?? 0);
      const [first] = badPlaces(tree);
      if (first === undefined)
        expect(readJson(text)).toStrictEqual({ kind: 'json', value: JSON.parse(text) });
      else expect(refusal(text)).toMatchObject(first);
    }),
  );
});
