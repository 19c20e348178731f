/**
 * The keys with which the stack knows its own containers again: one for tickets and one for task tokens. Each lies in the table,
 * encrypted by KMS under its purpose, so that the rights to a purpose decide which function can use it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import { type Purpose, type Signed, signedText } from '../../domain/worker/tokens.ts';
import type { Clock } from '../process/clock.ts';
import type { SealedKey, SealedKeys } from '../table/sealed-keys.ts';

export interface WorkerKeys {
  /** @param textOf the text, given the id of the key that signs it */
  sign(purpose: Purpose, textOf: (keyId: string) => string): Promise<string>;
  isGenuine(purpose: Purpose, signed: Signed<{ readonly keyId: string }>): Promise<boolean>;
}

interface OpenKey {
  readonly keyId: string;
  readonly secret: Uint8Array;
}

/** After so long an unknown key id is looked for again: another process may have made a new key. */
const LOOK_AGAIN_MS = 60_000;
const KEY_BYTES = 32;

/** Opens each key once in the life of the process. @param kmsKeyId the key that encrypts them */
export function workerKeys(kms: KMSClient, kmsKeyId: string, stored: SealedKeys, clock: Clock): WorkerKeys {
  const opened = new Map<Purpose, { readonly atMs: number; readonly keys: Promise<readonly OpenKey[]> }>();
  const keysOf = (purpose: Purpose, notBeforeMs = 0): Promise<readonly OpenKey[]> => {
    const known = opened.get(purpose);
    if (known !== undefined && known.atMs >= notBeforeMs) return known.keys;
    const keys = openAll(kms, kmsKeyId, stored, purpose);
    opened.set(purpose, { atMs: clock.nowMs(), keys });
    // The next call asks again.
    keys.catch(() => opened.delete(purpose));
    return keys;
  };
  const keyNamed = async (purpose: Purpose, keyId: string) => {
    const isIt = (key: OpenKey) => key.keyId === keyId;
    return (
      (await keysOf(purpose)).find(isIt) ?? (await keysOf(purpose, clock.nowMs() - LOOK_AGAIN_MS)).find(isIt)
    );
  };
  return {
    async sign(purpose, textOf) {
      const [newest] = (await keysOf(purpose)).slice(-1);
      if (newest === undefined) throw new Error(`There is no key for ${purpose}`);
      const text = textOf(newest.keyId);
      return signedText(text, codeOf(newest, text));
    },
    async isGenuine(purpose, { content, text, code }) {
      const key = await keyNamed(purpose, content.keyId);
      return key !== undefined && equal(codeOf(key, text), code);
    },
  };
}

const codeOf = ({ secret }: OpenKey, text: string) =>
  createHmac('sha256', secret).update(text).digest('base64url');

function equal(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

async function openAll(
  kms: KMSClient,
  KeyId: string,
  stored: SealedKeys,
  purpose: Purpose,
): Promise<readonly OpenKey[]> {
  const keys = (await stored.load(purpose)) ?? (await makeFirst(kms, KeyId, stored, purpose));
  return Promise.all(
    keys.map(async ({ keyId, sealed }) => {
      const { Plaintext } = await kms.send(
        new DecryptCommand({
          KeyId,
          CiphertextBlob: Buffer.from(sealed, 'base64'),
          EncryptionContext: { purpose },
        }),
      );
      if (Plaintext?.length !== KEY_BYTES) throw new Error(`KMS opened a key for ${purpose} that is not one`);
      return { keyId, secret: Plaintext };
    }),
  );
}

/** Of two processes that make the first key at once, one puts it, and both use that. */
async function makeFirst(
  kms: KMSClient,
  KeyId: string,
  stored: SealedKeys,
  purpose: Purpose,
): Promise<readonly SealedKey[]> {
  const { CiphertextBlob = new Uint8Array() } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: randomBytes(KEY_BYTES), EncryptionContext: { purpose } }),
  );
  return stored.putFirst(purpose, { keyId: 'k1', sealed: Buffer.from(CiphertextBlob).toString('base64') });
}
