import type { KMSClient } from '@aws-sdk/client-kms';
import { describe, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { opening, sealing } from '../../io/aws/keys.ts';
import { openKey, webhookHeaders } from '../../io/http/signature.ts';

const owner = { tenantId: 'acme', endpointId: 'whe_1' };

/** A KMS that seals by writing down, with the context, and can be told to refuse. */
function standIn() {
  const calls: string[] = [];
  let refuses = false;
  const send = async (command: { readonly input: Record<string, unknown> }) => {
    const { Plaintext, CiphertextBlob, EncryptionContext } = command.input;
    calls.push(CiphertextBlob === undefined ? 'seal' : 'open');
    if (refuses) throw Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
    const context = JSON.stringify(EncryptionContext);
    if (CiphertextBlob === undefined)
      return { CiphertextBlob: Buffer.from(JSON.stringify([context, String(Plaintext)])) };
    const [sealedFor, plain] = JSON.parse(String(CiphertextBlob));
    if (sealedFor !== context) throw new Error('another context');
    return { Plaintext: Buffer.from(plain) };
  };
  const client = { send } as unknown as KMSClient;
  return { client, calls, refuse: (now: boolean) => (refuses = now) };
}

describe('a new key', () => {
  test('of v1 is a secret of 32 bytes that signs as the reference library verifies', async () => {
    const kms = standIn();
    const { key, shown } = await sealing(kms.client, 'k').newKey(owner, 'v1');
    expect(Buffer.from(shown.slice('whsec_'.length), 'base64')).toHaveLength(32);
    expect(key).not.toHaveProperty('publicKey');
    const plain = await opening(kms.client, 'k').open(owner, key.sealed);
    const headers = webhookHeaders(`msg_${'a'.repeat(26)}`, Date.now(), '{}', [openKey('v1', plain)]);
    expect(new Webhook(shown).verify('{}', headers)).toEqual({});
  });

  test('of v1a shows its public half alone', async () => {
    const kms = standIn();
    const { key, shown } = await sealing(kms.client, 'k').newKey(owner, 'v1a');
    expect(shown).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(key.publicKey).toBe(shown);
    const plain = await opening(kms.client, 'k').open(owner, key.sealed);
    expect(openKey('v1a', plain).scheme).toBe('v1a');
  });

  test('may be a secret that the tenant brings along', async () => {
    const given = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    expect((await sealing(standIn().client, 'k').newKey(owner, 'v1', given)).shown).toBe(given);
  });
});

describe('opening', () => {
  test('asks KMS once for each sealed text', async () => {
    const kms = standIn();
    const sealed = await sealing(kms.client, 'k').seal(owner, 'text');
    const keys = opening(kms.client, 'k');
    expect(await Promise.all([keys.open(owner, sealed), keys.open(owner, sealed)])).toEqual(['text', 'text']);
    expect(kms.calls).toEqual(['seal', 'open']);
  });

  test('is for the endpoint that it was sealed for', async () => {
    const kms = standIn();
    const sealed = await sealing(kms.client, 'k').seal(owner, 'text');
    await expect(opening(kms.client, 'k').open({ ...owner, endpointId: 'whe_2' }, sealed)).rejects.toThrow();
  });

  test('that KMS refused is asked for again', async () => {
    const kms = standIn();
    const sealed = await sealing(kms.client, 'k').seal(owner, 'text');
    const keys = opening(kms.client, 'k');
    kms.refuse(true);
    await expect(keys.open(owner, sealed)).rejects.toThrow('denied');
    kms.refuse(false);
    expect(await keys.open(owner, sealed)).toBe('text');
  });
});
