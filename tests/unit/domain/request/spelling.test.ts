/** The word that a misspelt one most likely meant. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nearest } from '../../../../domain/request/spelling.ts';

const known = ['tags', 'input', 'inputRef', 'priority', 'idempotencyKey'];

describe('a misspelt field', () => {
  it.each([
    ['with a letter too many', 'prioritty', 'priority'],
    ['with a letter too few', 'priorty', 'priority'],
    ['with a wrong letter', 'priorits', 'priority'],
    ['with two letters swapped', 'priortiy', 'priority'],
    ['in other capitals', 'IdempotencyKEY', 'idempotencyKey'],
    ['with an underscore', 'idempotency_key', 'idempotencyKey'],
    ['three edits away from a long word', 'idempotencKy_', 'idempotencyKey'],
    ['one edit away from a short word', 'tag', 'tags'],
    ['with two candidates', 'inputRe', 'inputRef'],
  ])('%s is recognised', (_title, word, meant) => {
    expect(nearest(word, known)).toBe(meant);
  });

  it.each([
    ['is too far from every field', 'callbackUrl'],
    ['is two edits away from a short word', 'ta'],
    ['is empty', ''],
    ['is longer than any field', 'x'.repeat(41)],
  ])('gets no suggestion when it %s', (_title, word) => {
    expect(nearest(word, known)).toBeUndefined();
  });

  it('gets no suggestion when nothing is known', () => {
    expect(nearest('tags', [])).toBeUndefined();
  });

  it('gets the first of two fields that are equally near', () => {
    expect(nearest('cat', ['bat', 'hat'])).toBe('bat');
  });

  const words = fc.stringMatching(/^[a-z]{4,40}$/);

  it('is recognised whichever of its letters is missing', () => {
    fc.assert(
      fc.property(words, fc.nat(), (word, at) => {
        const place = at % word.length;
        expect(nearest(word.slice(0, place) + word.slice(place + 1), [word])).toBe(word);
      }),
    );
  });

  it('is the same distance away in either direction', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab]{8}$/), fc.stringMatching(/^[ab]{8}$/), (one, other) => {
        expect(nearest(one, [other]) === undefined).toBe(nearest(other, [one]) === undefined);
      }),
    );
  });
});
