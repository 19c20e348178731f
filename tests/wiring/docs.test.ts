/** What the documents say of the code is what the code says of itself. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { generatedDocs, renderDoc } from '../../tools/docs.ts';
import { faultKinds } from '../simulation/kinds.ts';
import { expectations } from '../simulation/mutants.ts';

it.each(generatedDocs)('docs/%s has the tables of the code; otherwise run `npm run docs`', (file) => {
  const { current, expected } = renderDoc(file);
  expect(current).toBe(expected);
});

it('docs/reliability.md names every kind of fault, and every rule that is taken out', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/reliability.md'), 'utf8');
  const rules = expectations.map(({ rule, without, profile }) => `| ${rule} | ${without} | ${profile} |`);
  expect(rules.filter((row) => !text.includes(row))).toEqual([]);
  expect(faultKinds.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
});
