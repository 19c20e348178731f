/**
 * The keys with which the stack knows its own containers again: one for tickets and one for task tokens. Each lies in the table,
 * encrypted by KMS under its purpose, so that the rights to a purpose decide which function can use it.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { DecryptCommand, EncryptCommand, type KMSClient } from '@aws-sdk/client-kms';
import {
  type Generation,
  isDue,
  LOOK_FOR_NEWER_MS,
  nextId,
  renewed,
  signing,
} from '../../domain/worker/key-generations.ts';
import { type Purpose, type Signed, signedText } from '../../domain/worker/tokens.ts';
import type { Clock } from '../process/clock.ts';
import type { SealedKey, SealedKeys } from '../table/sealed-keys.ts';

export interface WorkerKeys {
  /** @param textOf the text, given the id of the key that signs it */
  sign(purpose: Purpose, textOf: (keyId: string) => string): Promise<string>;
  isGenuine(purpose: Purpose, signed: Signed<{ readonly keyId: string }>): Promise<boolean>;
}

interface OpenKey extends Generation {
  readonly secret: Uint8Array;
}

/** After so long an unknown key id is looked for again: another process may have made a new key. */
const LOOK_AGAIN_MS = 60_000;
const KEY_BYTES = 32;

/** Opens each key once in the life of the process. @param kmsKeyId the key that encrypts them */
export function workerKeys(kms: KMSClient, kmsKeyId: string, stored: SealedKeys, clock: Clock): WorkerKeys {
  const seals = sealing(kms, kmsKeyId);
  const opened = new Map<Purpose, { readonly atMs: number; readonly keys: Promise<readonly OpenKey[]> }>();
  const keysOf = (purpose: Purpose, notBeforeMs: number, load: Load): Promise<readonly OpenKey[]> => {
    const known = opened.get(purpose);
    if (known !== undefined && known.atMs >= notBeforeMs) return known.keys;
    const nowMs = clock.nowMs();
    const keys = load(seals, stored, purpose, nowMs).then((sealed) => seals.open(purpose, sealed));
    opened.set(purpose, { atMs: nowMs, keys });
    // The next call asks again.
    keys.catch(() => opened.delete(purpose));
    return keys;
  };
  const keyNamed = async (purpose: Purpose, keyId: string) => {
    const isIt = (key: OpenKey) => key.keyId === keyId;
    return (
      (await keysOf(purpose, 0, known)).find(isIt) ??
      (await keysOf(purpose, clock.nowMs() - LOOK_AGAIN_MS, known)).find(isIt)
    );
  };
  return {
    async sign(purpose, textOf) {
      const nowMs = clock.nowMs();
      const key = signing(await keysOf(purpose, nowMs - LOOK_FOR_NEWER_MS, knownOrRenewed), nowMs);
      if (key === undefined) throw new Error(`There is no key for ${purpose}`);
      const text = textOf(key.keyId);
      return signedText(text, codeOf(key, text));
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

type Load = (
  seals: Seals,
  stored: SealedKeys,
  purpose: Purpose,
  nowMs: number,
) => Promise<readonly SealedKey[]>;

/** Of two processes that make the first key at once, one puts it, and both use that. */
const known: Load = async (seals, stored, purpose, nowMs) =>
  (await stored.load(purpose)) ??
  (await stored.putFirst(purpose, await seals.make(purpose, nextId([]), nowMs)));

/** Of two processes that renew at once, one replaces the keys, and both use what is there then. */
const knownOrRenewed: Load = async (seals, stored, purpose, nowMs) => {
  const keys = await known(seals, stored, purpose, nowMs);
  if (!isDue(keys, nowMs)) return keys;
  try {
    const newest = await seals.make(purpose, nextId(keys), nowMs);
    await stored.replace(purpose, keys, renewed(purpose, keys, newest));
    return await known(seals, stored, purpose, nowMs);
  } catch {
    // An older key signs as well as a new one: the next look tries again, and no job waits for that.
    return keys;
  }
};

type Seals = ReturnType<typeof sealing>;

/** Each key under its purpose, so that the rights to a purpose decide which function can use it. */
function sealing(kms: KMSClient, KeyId: string) {
  const secrets = new Map<string, Promise<Uint8Array>>();

  async function secretOf(purpose: Purpose, sealed: string): Promise<Uint8Array> {
    const { Plaintext } = await kms.send(
      new DecryptCommand({
        KeyId,
        CiphertextBlob: Buffer.from(sealed, 'base64'),
        EncryptionContext: { purpose },
      }),
    );
    if (Plaintext?.length !== KEY_BYTES) throw new Error(`KMS opened a key for ${purpose} that is not one`);
    return Plaintext;
  }

  function openOnce(purpose: Purpose, sealed: string): Promise<Uint8Array> {
    const name = `${purpose} ${sealed}`;
    const secret = secrets.get(name) ?? secretOf(purpose, sealed);
    secrets.set(name, secret);
    secret.catch(() => secrets.delete(name));
    return secret;
  }

  return {
    open: (purpose: Purpose, keys: readonly SealedKey[]): Promise<readonly OpenKey[]> =>
      Promise.all(
        keys.map(async ({ keyId, sealed, madeAt }) => ({
          keyId,
          madeAt,
          secret: await openOnce(purpose, sealed),
        })),
      ),

    async make(purpose: Purpose, keyId: string, madeAt: number): Promise<SealedKey> {
      const { CiphertextBlob = new Uint8Array() } = await kms.send(
        new EncryptCommand({ KeyId, Plaintext: randomBytes(KEY_BYTES), EncryptionContext: { purpose } }),
      );
      return { keyId, sealed: Buffer.from(CiphertextBlob).toString('base64'), madeAt };
    },
  };
}
