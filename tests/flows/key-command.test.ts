/** `headgate key`: a key is made, signs tokens that open the API for its tenants, and ends. */

import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, expect, it, jest } from '@jest/globals';
import { headgate } from '../../client/index.ts';
import { closedAfterAll } from '../support/closing.ts';
import { runCommand } from '../support/command.ts';
import type { Stack } from '../support/stack.ts';
import { openFlow } from './flow.ts';

jest.setTimeout(120_000);

let stack: Stack;
let csv: string;
let url: string;
const opened = closedAfterAll();
beforeAll(async () => {
  ({ stack, csv } = await openFlow(opened));
  await stack.addTenant('globex');
  url = String(stack.cloud.outputs['ApiUrl']);
});

const key = (...args: readonly string[]) => runCommand(stack, 'key', ...args);
const withKey = (secret: string, ...args: readonly string[]) => {
  const environment = { ...stack.cloud.environment, HEADGATE_KEY: secret, HEADGATE_URL: url };
  return runCommand({ cloud: { environment } }, 'key', ...args);
};
async function created(...args: readonly string[]): Promise<{ key: string; keyId: string }> {
  const { code, out, err } = await key('create', ...args, '--json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return JSON.parse(out);
}
const jobsBy = (token: string) => headgate({ url, token }).jobs;

it('a key is shown once, and the stack keeps nothing that signs', async () => {
  const made = await created('--scope', 'jobs:read', '--tenant', 'acme', '--name', 'reports');
  const [, seed = ''] = /^hgk_[a-z2-7]{16}_([A-Za-z0-9_-]{43})$/.exec(made.key) ?? [];
  expect(seed).not.toBe('');
  const listed = await key('list');
  expect(listed.out).toMatch(new RegExp(`^${made.keyId} +on +jobs:read +acme +\\S+Z +reports$`, 'm'));
  const { Items } = await stack.clients.dynamo.send(
    new ScanCommand({ TableName: stack.cloud.outputs['KeysTableName'] }),
  );
  expect(listed.out + JSON.stringify(Items)).not.toContain(seed);
});

it('a token that is minted offline opens what it says, and nothing else', async () => {
  const { key: secret } = await created('--scope', 'jobs:read', '--scope', 'jobs:create', '--tenant', 'acme');
  const minted = async (...args: readonly string[]) => {
    const { code, out, err } = await withKey(secret, 'mint', ...args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    return jobsBy(out.trim());
  };
  const all = await minted('--tenant', 'acme', '--scope', 'jobs:read', '--scope', 'jobs:create');
  const { id } = await all.submit('csv.summarise', { input: { csv }, idempotencyKey: 'by-token' });
  expect((await all.list()).items.map((job) => job.id)).toEqual([id]);

  const reader = await minted('--tenant', 'acme', '--scope', 'jobs:read', '--job', id);
  expect(await reader.get(id)).toMatchObject({ id });
  await expect(reader.submit('csv.summarise', { input: { csv }, idempotencyKey: 'x' })).rejects.toMatchObject(
    {
      code: 'scope_missing',
    },
  );
  const once = await minted(
    '--tenant',
    'acme',
    '--scope',
    'jobs:create',
    '--type',
    'csv.summarise',
    '--once',
    'only-this',
  );
  expect(await once.submit('csv.summarise', { input: { csv }, idempotencyKey: 'only-this' })).toHaveProperty(
    'id',
  );
  await expect(
    once.submit('csv.summarise', { input: { csv }, idempotencyKey: 'another' }),
  ).rejects.toMatchObject({
    code: 'scope_missing',
  });
  const tagged = await minted('--tenant', 'acme', '--scope', 'jobs:read', '--tag', 'team=blue');
  await expect(tagged.get(id)).rejects.toMatchObject({ code: 'not_found' });
  const foreign = await minted('--tenant', 'globex', '--scope', 'jobs:read');
  await expect(foreign.list()).rejects.toMatchObject({ code: 'token_invalid', status: 401 });
});

it('a key that is disabled by the beginning of its id signs no more, and stays in the list', async () => {
  const { key: secret, keyId } = await created('--scope', 'jobs:read', '--tenant', '*');
  for (const _ of ['once', 'and again']) {
    const { code, out } = await key('disable', keyId.slice(0, 8));
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(new RegExp(`${keyId} +disabled \\S+Z`)),
    });
  }
  const { out } = await withKey(secret, 'mint', '--tenant', 'acme', '--scope', 'jobs:read');
  await expect(jobsBy(out.trim()).list()).rejects.toMatchObject({ status: 401 });
  expect((await key('list')).out).toContain(keyId);
});

it.each([
  [
    'a scope that is none',
    ['create', '--tenant', 'acme', '--scope', 'operate'],
    2,
    /^--scope: expected one of jobs:create/,
  ],
  ['a key for no tenant', ['create', '--scope', 'jobs:read'], 2, /^--tenant: /],
  [
    'a tenant that cannot be',
    ['create', '--scope', 'jobs:read', '--tenant', '../acme'],
    2,
    /^--tenant: expected the id of a tenant, or \*/,
  ],
  [
    'a token longer than a day',
    ['create', '--scope', 'jobs:read', '--tenant', '*', '--max-token-seconds', '99999'],
    2,
    /^--max-token-seconds: /,
  ],
  ['an id that no key has', ['disable', 'aaaaaaaa'], 3, /^There is no key aaaaaaaa\.\n$/],
  [
    'no key to mint with',
    ['mint', '--tenant', 'acme', '--scope', 'jobs:read'],
    2,
    /^Expected a key in HEADGATE_KEY, found none/,
  ],
])('%s is refused in a sentence', async (_, args, code, sentence) => {
  expect(await key(...args)).toEqual({ code, out: '', err: expect.stringMatching(sentence) });
});

it('a text that is no key is not repeated, and neither is a single use of any job type', async () => {
  const wrong = await withKey('hgk_canary', 'mint', '--tenant', 'acme', '--scope', 'jobs:read');
  expect(wrong).toMatchObject({ code: 2, out: '' });
  expect(wrong.err).not.toContain('canary');
  const { key: secret } = await created('--scope', 'jobs:create', '--tenant', 'acme');
  expect(await withKey(secret, 'mint', '--tenant', 'acme', '--scope', 'jobs:create', '--once', 'k')).toEqual({
    code: 2,
    out: '',
    err: '--once: expected --type beside it, found none.\n',
  });
});
