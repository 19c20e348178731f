/** The published schema of messages is the one that intake has. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parseRequest } from '../../../domain/request/request.ts';
import { messageSchemaText } from '../../../tools/schemas.ts';

const text = readFileSync(join(import.meta.dirname, '../../../docs/message.schema.json'), 'utf8');
const schema = JSON.parse(text);
const ajv = new Ajv2020({ strict: false });
// Its types are those of a CommonJS module.
(formats as unknown as (ajv: Ajv2020) => void)(ajv);
const fits = ajv.compile(schema);

it('docs/message.schema.json is fresh: `npm run docs` would not change it', () => {
  expect(text).toBe(messageSchemaText());
});

test.each(schema.examples as object[])('its example %j fits, and is taken by intake', (example) => {
  expect(fits(example)).toBe(true);
  expect(parseRequest(JSON.stringify(example)).kind).not.toBe('refused');
  expect(fits({ ...example, prioirty: 'high' })).toBe(false);
});
