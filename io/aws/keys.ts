/**
 * Encryption of what only the senders of webhooks may read: signing keys, and the values of custom headers. The key
 * is in KMS, so the table alone is worth nothing; the encryption context binds each ciphertext to its endpoint, so
 * that a copy of it on another endpoint cannot be decrypted.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  DecryptCommand,
  EncryptCommand,
  InvalidCiphertextException,
  type KMSClient,
} from '@aws-sdk/client-kms';
import type { Endpoint, SigningKey } from '../../domain/webhook/endpoint.ts';

export type KeyOwner = Pick<Endpoint, 'tenantId' | 'endpointId'>;

export interface Sealing {
  seal(owner: KeyOwner, plain: string): Promise<string>;
  /**
   * Makes a signing key.
   * @param given a `whsec_…` that the tenant provides, checked before
   */
  newKey(owner: KeyOwner, scheme: SigningKey['scheme'], given?: string): Promise<NewKey>;
}
export interface Opening {
  /** @throws when KMS does not answer, or refuses: then the webhook is not sent */
  open(owner: KeyOwner, sealed: string): Promise<string>;
}

/** @param keyId a key, or an alias of one */
export function sealing(kms: KMSClient, keyId: string): Sealing {
  const seal = async (owner: KeyOwner, plain: string) => {
    const { CiphertextBlob = new Uint8Array() } = await kms.send(
      new EncryptCommand({
        KeyId: keyId,
        Plaintext: Buffer.from(plain),
        EncryptionContext: contextOf(owner),
      }),
    );
    return Buffer.from(CiphertextBlob).toString('base64');
  };
  return sealingBy(seal);
}

/** @param seal encrypts a text under its context */
export function sealingBy(seal: Sealing['seal']): Sealing {
  return { seal, newKey: (owner, scheme, given) => newKey(seal, owner, scheme, given) };
}

/** How many opened keys a sandbox keeps: each one costs a call, and an endpoint has a few. */
const MAX_OPENED = 1000;

/** Opens each ciphertext once in the life of the process. The endpoint says which keys sign, not this cache. */
export function opening(kms: KMSClient, keyId: string): Opening {
  const opened = new Map<string, Promise<string>>();
  return {
    open(owner, sealed) {
      const name = `${owner.tenantId} ${owner.endpointId} ${sealed}`;
      const known = opened.get(name);
      if (known !== undefined) return known;
      const opens = openOnce(kms, keyId, owner, sealed);
      opened.set(name, opens);
      // The next request asks KMS again.
      opens.catch(() => opened.delete(name));
      const [oldest] = opened.keys();
      if (opened.size > MAX_OPENED && oldest !== undefined) opened.delete(oldest);
      return opens;
    },
  };
}

async function openOnce(kms: KMSClient, KeyId: string, owner: KeyOwner, sealed: string): Promise<string> {
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

function contextOf({ tenantId, endpointId }: KeyOwner): Record<string, string> {
  return { tenantId, endpointId };
}

/** A new signing key, and what its owner sees: a secret once, or a public key at any time. */
export interface NewKey {
  readonly key: SigningKey;
  readonly shown: string;
}

async function newKey(
  seal: Sealing['seal'],
  owner: KeyOwner,
  scheme: SigningKey['scheme'],
  given?: string,
): Promise<NewKey> {
  if (scheme === 'v1') {
    const secret = given ?? `whsec_${randomBytes(32).toString('base64')}`;
    return { key: { scheme, sealed: await seal(owner, secret) }, shown: secret };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { d = '' } = privateKey.export({ format: 'jwk' });
  const { x = '' } = publicKey.export({ format: 'jwk' });
  const shown = `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
  return { key: { scheme, sealed: await seal(owner, `${x}.${d}`), publicKey: shown }, shown };
}
