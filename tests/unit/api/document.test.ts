/** The published document of the API is the one that the code has, and a good one. */

import { describe, expect, it, test } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { operationIds, operationOf } from '../../../api/contract/contract.ts';
import { openApiText } from '../../../tools/openapi.ts';
import { documentText } from '../../support/document.ts';

it('docs/openapi.json is fresh: `npm run docs` would not change it', () => {
  expect(documentText).toBe(openApiText());
});

it('has no fault that a linter knows', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      // The address is an output of the stack.
      'no-server-example.com': 'off',
      // Any request may be refused, and public operations take no parameters.
      'operation-4xx-response': 'error',
      'no-unused-components': 'error',
    },
  });
  const found = await lintFromString({ source: documentText, config });
  expect(
    found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ).toEqual([]);
});

const document = JSON.parse(documentText);
// biome-ignore lint/suspicious/noExplicitAny: a walk over JSON of any shape
const nodes = (value: any): any[] =>
  typeof value !== 'object' || value === null ? [] : [value, ...Object.values(value).flatMap(nodes)];

describe('generators of clients', () => {
  it('find no union without a discriminator and no type that may be null', () => {
    const unions = nodes(document).filter(
      ({ oneOf, anyOf, discriminator }) => (oneOf ?? anyOf) && !discriminator,
    );
    expect(unions).toEqual([]);
    expect(documentText).not.toContain('"null"');
  });

  it('find no closed list of values and no closed object in what clients are given', () => {
    const sent = new Set(
      nodes(document.paths).flatMap(({ requestBody }) =>
        nodes(requestBody).flatMap(({ $ref }) => $ref ?? []),
      ),
    );
    const answers = Object.entries(document.components.schemas).flatMap(([name, schema]) =>
      sent.has(`#/components/schemas/${name}`) ? [] : [schema],
    );
    const closed = nodes(answers).filter((node) => 'enum' in node || node.additionalProperties === false);
    expect(closed).toEqual([]);
  });
});

test.each(operationIds.map((id) => [id, operationOf(id)] as const))(
  '%s says who may call it, and what it does for a narrowed credential',
  (id, { access, path, method, summary }) => {
    const entry = document.paths[path][method];
    expect(entry).toMatchObject({ operationId: id, summary });
    expect(['public', 'tenant', 'operator']).toContain(access.kind);
    if (access.kind === 'tenant') expect(['job', 'list', 'creation', 'closed']).toContain(access.narrowing);
  },
);
