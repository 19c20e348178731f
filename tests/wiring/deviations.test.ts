/** A deviation that names no test would leave its test to fail, or worse, to pass now and then. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { deviations } from '../conformance/deviations.ts';

it('every deviation from a contract names a test of it', () => {
  const folder = join(import.meta.dirname, '../conformance');
  const suites = readdirSync(folder).filter((file) => file.endsWith('.test.ts'));
  const text = suites.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  expect(deviations.map(({ test }) => test).filter((title) => !text.includes(`'${title}'`))).toEqual([]);
});
