/**
 * Sealing what only the sender of webhooks may see: signing keys, and the values of custom headers. KMS holds the key that
 * seals, so the table alone is worth nothing; the context ties each sealed text to its endpoint, so that a copy of it on
 * another endpoint does not open.
 */
import {
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import {
  DecryptCommand,
  EncryptCommand,
  InvalidCiphertextException,
  type KMSClient,
} from '@aws-sdk/client-kms';
import type { Endpoint, SigningKey } from '../domain/webhook/endpoint.ts';

export type Owner = Pick<Endpoint, 'tenantId' | 'endpointId'>;

export interface Sealing {
  seal(owner: Owner, plain: string): Promise<string>;
}
export interface Opening {
  /** @throws when KMS does not answer, or refuses: the webhook is then not sent, and never unsigned */
  open(owner: Owner, sealed: string): Promise<string>;
}

/** @param keyId a key, or an alias of one */
export function sealing(kms: KMSClient, keyId: string): Sealing {
  return {
    async seal(owner, plain) {
      const { CiphertextBlob = new Uint8Array() } = await kms.send(
        new EncryptCommand({
          KeyId: keyId,
          Plaintext: Buffer.from(plain),
          EncryptionContext: contextOf(owner),
        }),
      );
      return Buffer.from(CiphertextBlob).toString('base64');
    },
  };
}

/** What one sandbox keeps opened: each costs a call, and an endpoint has a handful. */
const MAX_OPENED = 1000;

/** Opens each text once, for as long as the process lives: which keys still sign is said by the endpoint, not here. */
export function opening(kms: KMSClient, keyId: string): Opening {
  const opened = new Map<string, Promise<string>>();
  return {
    open(owner, sealed) {
      const name = `${owner.tenantId} ${owner.endpointId} ${sealed}`;
      const known = opened.get(name);
      if (known !== undefined) return known;
      const opens = openOnce(kms, keyId, owner, sealed);
      opened.set(name, opens);
      // The next to ask asks KMS again.
      opens.catch(() => opened.delete(name));
      const [oldest] = opened.keys();
      if (opened.size > MAX_OPENED && oldest !== undefined) opened.delete(oldest);
      return opens;
    },
  };
}

async function openOnce(kms: KMSClient, KeyId: string, owner: Owner, sealed: string): Promise<string> {
  const { Plaintext } = await kms.send(
    new DecryptCommand({
      KeyId,
      CiphertextBlob: Buffer.from(sealed, 'base64'),
      EncryptionContext: contextOf(owner),
    }),
  );
  if (Plaintext === undefined)
    throw new InvalidCiphertextException({ message: 'no plaintext', $metadata: {} });
  return Buffer.from(Plaintext).toString();
}

function contextOf({ tenantId, endpointId }: Owner): Record<string, string> {
  return { tenantId, endpointId };
}

/** A new signing key, and what its owner is shown: a secret once, or a public key at any time. */
export interface NewKey {
  readonly key: SigningKey;
  readonly shown: string;
}

/** @param given `whsec_…` that the tenant brings along, checked before */
export async function newKey(
  seals: Sealing,
  owner: Owner,
  scheme: SigningKey['scheme'],
  given?: string,
): Promise<NewKey> {
  if (scheme === 'v1') {
    const secret = given ?? `whsec_${randomBytes(32).toString('base64')}`;
    return { key: { scheme, sealed: await seals.seal(owner, secret) }, shown: secret };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { d = '' } = privateKey.export({ format: 'jwk' });
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const shown = `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
  return { key: { scheme, sealed: await seals.seal(owner, `${x}.${d}`), publicKey: shown }, shown };
}

/** A key that signs: a secret, or an ed25519 private key. As key objects they sign fastest, and no print shows them. */
export type OpenKey =
  | { readonly scheme: 'v1'; readonly secret: KeyObject }
  | { readonly scheme: 'v1a'; readonly privateKey: KeyObject };

export function openKey(scheme: SigningKey['scheme'], plain: string): OpenKey {
  if (scheme === 'v1') return { scheme, secret: createSecretKey(plain.slice('whsec_'.length), 'base64') };
  const [x = '', d = ''] = plain.split('.');
  return {
    scheme,
    privateKey: createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x, d }, format: 'jwk' }),
  };
}
