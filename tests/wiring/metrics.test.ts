/** A number that no code counts, or that no page explains, helps no operator. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as catalogue from '../../domain/metrics/catalogue.ts';
import { built } from '../../tools/build.ts';
import { LambdaFunction, resources, root } from '../support/template.ts';

const metrics = Object.entries(catalogue).map(([name, metric]) => ({ ...metric, constant: name }));
const bundles = resources('AWS::Lambda::Function', LambdaFunction).map(([, fn]) =>
  readFileSync(join(built.functions, fn.Handler.replace(/\.handler$/, '.mjs')), 'utf8'),
);
const page = readFileSync(join(root, 'docs/operating/metrics.md'), 'utf8');

describe.each(metrics)('$name', ({ name, constant, by }) => {
  it('has the name of its constant', () => {
    expect(name).toBe(constant);
  });

  // A metric that no function counts is in no bundle.
  it('is counted by a function', () => {
    expect(bundles.some((bundle) => bundle.includes(`"${name}"`))).toBe(true);
  });

  it('is explained, with the dimensions under which it is found', () => {
    const sets = by.map((set) => set.join(', ') || 'stage').join(' · ');
    expect(page).toContain(`| \`${name}\` | ${sets} | `);
  });
});

it('no page explains a metric that there is not', () => {
  const explained = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(explained.toSorted()).toEqual(metrics.map(({ name }) => name).toSorted());
});
