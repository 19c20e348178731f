/** Keys and tokens as their owners make them, and as an attacker would. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { keyIdOf } from '../../application/job/identity.ts';
import type { AccessKey } from '../../domain/access/key.ts';
import { Scope } from '../../domain/access/scope.ts';
import { AUDIENCE } from './doors.ts';
import { NOW } from './jobs.ts';

export interface Owned {
  readonly key: AccessKey;
  /** hgk_… */
  readonly text: string;
  readonly privateKey: KeyObject;
}

export function ownedKey(change: Partial<AccessKey> = {}): Owned {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const { d = '' } = privateKey.export({ format: 'jwk' });
  const keyId = keyIdOf(x);
  const key: AccessKey = {
    keyId,
    publicKey: x,
    scopes: [...Scope.options],
    tenants: ['*'],
    // So that tokens of these tests may ask for every scope.
    tokensMaySetUp: true,
    createdAt: NOW,
    ...change,
  };
  return { key, text: `hgk_${keyId}_${d}`, privateKey };
}

export const claimsFor = ({ key }: Owned, change: object = {}) => ({
  iss: key.keyId,
  aud: AUDIENCE,
  sub: 'acme',
  scope: Scope.options.join(' '),
  iat: NOW / 1000,
  exp: NOW / 1000 + 300,
  jti: 'token-1',
  ...change,
});

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface Signed {
  readonly claims?: object;
  readonly header?: object;
  readonly by?: Owned;
  /** Instead of an Ed25519 signature. */
  readonly signature?: (content: string) => string;
}

/** @param change of the claims; undefined removes one */
export function tokenOf(
  owned: Owned,
  change: object = {},
  { header = {}, by = owned, signature }: Signed = {},
): string {
  const protectedHeader = { alg: 'EdDSA', typ: 'hg+jwt', kid: owned.key.keyId, ...header };
  const content = `${part(protectedHeader)}.${part(claimsFor(owned, change))}`;
  if (signature !== undefined) return `${content}.${signature(content)}`;
  return `${content}.${sign(null, Buffer.from(content), by.privateKey).toString('base64url')}`;
}

export const hmacWith = (secret: Buffer) => (content: string) =>
  createHmac('sha256', secret).update(content).digest('base64url');

export const bearer = (credential: string) => ({ Authorization: `Bearer ${credential}` });
