/** The form of a key says what its reader meant, and the list what a key may do now. */
import { expect, it, test } from '@jest/globals';
import { keyIdOf } from '../../../application/job/identity.ts';
import { mint, readKey } from '../../../client/token.ts';
import type { Key } from '../../../console/api/schema.ts';
import { keyText, newPair } from '../../../console/keys/pair.ts';
import { inOrder, isOf, SCOPES, settingsIn, standingOf } from '../../../console/keys/settings.ts';
import { KeySettings } from '../../../domain/access/key.ts';
import { Scope } from '../../../domain/access/scope.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');
const key = (keyId: string, rest: Partial<Key> = {}): Key => ({
  keyId,
  publicKey: 'p',
  scopes: ['jobs:read'],
  tenants: ['acme'],
  createdAt: '2026-11-30T11:00:00.000Z',
  ...rest,
});

function formOf(fields: Readonly<Record<string, string | readonly string[]>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    for (const each of [value].flat()) form.append(name, each);
  return form;
}

it('reads tenants however they are parted, each once, and leaves out what is empty', () => {
  const form = formOf({
    name: ' billing ',
    tenants: 'acme, globex\nacme',
    scope: ['jobs:read', 'made:up'],
    maxTokenSeconds: '',
  });
  expect(settingsIn(form, 'p')).toEqual({
    publicKey: 'p',
    name: 'billing',
    scopes: ['jobs:read'],
    tenants: ['acme', 'globex'],
  });
  expect(settingsIn(formOf({ tenants: '*', maxTokenSeconds: '60' }), 'p')).toEqual({
    publicKey: 'p',
    scopes: [],
    tenants: ['*'],
    maxTokenSeconds: 60,
  });
});

it('has a sentence for each scope that there is', () => {
  expect(Object.keys(SCOPES).toSorted()).toEqual(Scope.options.toSorted());
});

it('makes a key that the API registers and that signs tokens', async () => {
  const pair = await newPair();
  const settings = settingsIn(formOf({ tenants: 'acme', scope: 'jobs:read' }), pair.publicKey);
  expect(KeySettings.safeParse(settings).success).toBe(true);
  const text = keyText(keyIdOf(pair.publicKey), pair);
  expect(await mint(readKey(text), 'stack', { tenant: 'acme', scopes: ['jobs:read'] }, NOW)).toMatch(
    /^[\w-]+\.[\w-]+\.[\w-]+$/,
  );
});

test.each([
  ['active', {}],
  ['active', { expiresAt: '2026-11-30T12:00:01.000Z' }],
  ['expired', { expiresAt: '2026-11-30T12:00:00.000Z' }],
  ['disabled', { disabledAt: '2026-11-30T11:30:00.000Z', expiresAt: '2026-11-30T12:00:00.000Z' }],
])('a key is %s', (standing, rest) => {
  expect(standingOf(key('a', rest), NOW)).toBe(standing);
});

test('keys that sign come first, the newest of them on top, and one for every tenant is of each', () => {
  const keys = [
    key('old'),
    key('off', { disabledAt: '2026-11-30T11:59:00.000Z', createdAt: '2026-11-30T11:58:00.000Z' }),
    key('new', { createdAt: '2026-11-30T11:30:00.000Z' }),
  ];
  expect(inOrder(keys, NOW).map(({ keyId }) => keyId)).toEqual(['new', 'old', 'off']);
  expect([key('a'), key('b', { tenants: ['*'] })].map((each) => isOf(each, 'globex'))).toEqual([false, true]);
});
