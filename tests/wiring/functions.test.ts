/** serverless.yml and functions/ name the same functions, and each is told where things are by reference. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { JOB_QUEUES } from '../../io/process/env.ts';
import {
  EventSourceMapping,
  FunctionUrl,
  LambdaFunction,
  Rule,
  resources,
  root,
  templateText,
} from '../support/template.ts';
import { isNode, type Node, nameOf, readSource, type Source } from './source.ts';

/** Headgate's own, and those of job types, which are programs of tenants' work like containers. */
const all = resources('AWS::Lambda::Function', LambdaFunction);
const functions = all.filter(([, fn]) => fn.Role !== 'RunRole');
const schedules = resources('AWS::Events::Rule', Rule).filter(
  ([, rule]) => rule.ScheduleExpression !== undefined,
);
const mappings = resources('AWS::Lambda::EventSourceMapping', EventSourceMapping).map(([, each]) => each);

const urls = resources('AWS::Lambda::Url', FunctionUrl);

/** Where functions make their parts of their environment. */
const OPEN = join(root, 'io/open.ts');

/** What no template may set: it would let a tenant's webhook reach loopback, where Lambda's own API listens. */
const ONLY_ON_A_LAPTOP = ['WEBHOOK_ALLOWED_ORIGINS'];

/** The variables that a function of `io/open.ts` reads, with those of the functions that it calls in turn. */
function variablesReadBy(name: string, source: Source): string[] {
  const node = source.functions.get(name);
  if (node === undefined) return [];
  return callsIn(node).flatMap(({ callee, texts }) =>
    callee === 'readEnv' ? texts : variablesReadBy(callee, source),
  );
}

function callsIn(value: unknown): { readonly callee: string; readonly texts: readonly string[] }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(callsIn);
  if (!isNode(value) || value.type !== 'CallExpression') return inner;
  const given = (value['arguments'] ?? []) as { expression: Node }[];
  const texts = given.flatMap(({ expression }) => {
    if (expression.type === 'StringLiteral') return [nameOf(expression)];
    return expression.type === 'Identifier' && nameOf(expression) === 'JOB_QUEUES' ? JOB_QUEUES : [];
  });
  return [{ callee: nameOf(value['callee']), texts }, ...inner];
}

it('nothing in the template can turn the egress guard off', () => {
  expect(templateText).not.toMatch(/ALLOWED_ORIGINS|AllowedOrigins/);
  const named = functions.flatMap(([, fn]) => Object.keys(fn.Environment.Variables));
  expect(named.filter((name) => ONLY_ON_A_LAPTOP.includes(name))).toEqual([]);
});

it('every file in functions/ is a function, and every function a file', () => {
  const files = readdirSync(join(root, 'functions'));
  const handlers = files.map((name) => `functions/${name.replace(/\.ts$/, '.handler')}`);
  expect([...new Set(all.map(([, fn]) => fn.Handler))].sort()).toEqual(handlers.sort());
});

describe.each(functions)('%s', (id, fn) => {
  const variables = Object.entries(fn.Environment.Variables);

  it('is woken by one queue, by one schedule or by its URL', () => {
    const woken = [
      ...mappings.filter((mapping) => mapping.FunctionName === id),
      ...schedules.filter(([, rule]) => rule.Targets.some((target) => target.Arn === id)),
      ...urls.filter(([, url]) => url.TargetFunctionArn === id),
    ];
    expect(woken).toHaveLength(1);
  });

  it('is given the variables it reads, and no others', () => {
    const file = join(root, fn.Handler.replace(/\.handler$/, '.ts'));
    const opened = [...readSource(file).imports].filter(([, { from }]) => from === OPEN);
    const source = readSource(OPEN);
    const read = [...new Set(opened.flatMap(([, { name }]) => variablesReadBy(name, source)))];
    const notByTemplate = ['AWS_REGION', ...ONLY_ON_A_LAPTOP];
    const wanted = [...read.filter((name) => !notByTemplate.includes(name)), 'LOG_LEVEL'];
    expect(variables.map(([name]) => name).sort()).toEqual(wanted.sort());
  });

  // A literal URL, ARN or name would point one stage at another, or a laptop at the real AWS.
  it('knows every address by reference', () => {
    // Without job types on instances the list of their queues is empty, and points nowhere.
    const isLiteral = (value: object) => 'literal' in value && value.literal !== '{}';
    const literals = variables.filter(([, value]) => isLiteral(value)).map(([name]) => name);
    expect(literals.filter((name) => name !== 'STAGE')).toEqual(['LOG_LEVEL']);
  });

  it('holds no secret in its environment, which every reader of the function can see', () => {
    const secrets = variables.filter(([name]) => /SECRET|PASSWORD|TOKEN|CREDENTIAL|API_KEY/.test(name));
    expect(secrets).toEqual([]);
  });
});
