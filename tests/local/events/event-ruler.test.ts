/** Patterns against AWS's own matcher, where Java is there: `npm run outside`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compilePattern } from '../../../local/events/pattern.ts';
import { outside } from '../../outside/outside.ts';

const TIMEOUT_MS = 180_000;
const PAIRS = 4000;

const word = fc.constantFrom('a', 'ab', 'abc', 'B', 'bc', 'cab', '', 'A.b', '10.0.0.7', '10.0.1.7');
const number = fc.constantFrom(0, 1, -1, 1.5, 2, 10, 300, 5e9, -5e9, 6e9);
const scalar = fc.oneof(word, number, fc.constantFrom(true, false, null));
const name = fc.constantFrom('a', 'b', 'c');

const leaf = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }));
const objectOf = <Value>(value: fc.Arbitrary<Value>) =>
  fc.dictionary(name, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
const inner = objectOf(leaf);
const event = objectOf(fc.oneof(leaf, inner, fc.array(inner, { minLength: 1, maxLength: 2 })));

const affix = fc.constantFrom('a', 'b', 'ab', 'c', 'B');
const sign = fc.constantFrom('=', '<', '<=', '>', '>=');
const matcher = fc.oneof(
  { weight: 4, arbitrary: scalar },
  fc.record({ prefix: affix }),
  fc.record({ suffix: affix }),
  fc.record({ prefix: fc.record({ 'equals-ignore-case': affix }) }),
  fc.record({ suffix: fc.record({ 'equals-ignore-case': affix }) }),
  fc.record({ 'equals-ignore-case': word }),
  fc.record({ wildcard: fc.constantFrom('a*', '*b', '*b*', 'a*c', '*', 'a') }),
  fc.record({ 'anything-but': fc.oneof(affix, number, fc.array(affix, { minLength: 1, maxLength: 2 })) }),
  fc.record({ 'anything-but': fc.record({ prefix: affix }) }),
  fc.record({ 'anything-but': fc.record({ suffix: affix }) }),
  fc.record({ 'anything-but': fc.record({ wildcard: fc.constantFrom('a*', '*b') }) }),
  fc.record({ 'anything-but': fc.record({ 'equals-ignore-case': affix }) }),
  fc.record({ numeric: fc.tuple(sign, number) }),
  fc.record({ exists: fc.boolean() }),
  fc.record({ cidr: fc.constantFrom('10.0.0.0/24', '10.0.0.0/16', '10.0.1.6/31', '10.0.1.7/32') }),
);
const matchers = fc.array(matcher, { minLength: 1, maxLength: 2 });
const pattern = objectOf(fc.oneof({ weight: 2, arbitrary: matchers }, objectOf(matchers)));

function ours(asked: unknown, given: object): string {
  try {
    return String(compilePattern(asked)(given));
  } catch {
    return 'refused';
  }
}

async function oracle(asked: readonly (readonly [unknown, object])[]): Promise<string[]> {
  const classes = join(outside.eventRuler ?? '', '*');
  const child = spawn(
    'java',
    ['-cp', classes, join(import.meta.dirname, '../../outside/event-ruler/Oracle.java')],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: TIMEOUT_MS,
    },
  );
  for (const [each, given] of asked)
    child.stdin.write(`${JSON.stringify({ pattern: each, event: given })}\n`);
  child.stdin.end();
  const answers: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) answers.push(line);
  return answers;
}

(outside.eventRuler === undefined ? test.skip : test)(
  'any pattern matches any event where it does in Event Ruler',
  async () => {
    const pairs = fc.sample(fc.tuple(pattern, event), PAIRS);
    const answers = await oracle(pairs);
    expect(answers).toHaveLength(PAIRS);
    const different = pairs.flatMap(([each, given], place) => {
      const found = ours(each, given);
      return found === answers[place]
        ? []
        : [{ pattern: each, event: given, ours: found, theirs: answers[place] }];
    });
    expect(different.slice(0, 3)).toEqual([]);
  },
  TIMEOUT_MS,
);
