/** The console knows the API by its document, as it is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { consoleTypesText } from '../../../tools/console-types.ts';

it('has the types of docs/openapi.json; otherwise run `npm run docs`', () => {
  const file = join(import.meta.dirname, '../../../console/api/schema.ts');
  expect(readFileSync(file, 'utf8')).toBe(consoleTypesText());
});
