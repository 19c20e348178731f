/** The embedded KMS, asked by the SDK's own client. */
import { DatabaseSync } from 'node:sqlite';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  InvalidCiphertextException,
  KMSClient,
  NotFoundException,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Gateway, startGateway } from '../../local/gateway.ts';
import { createKms } from '../../local/kms.ts';

let gateway: Gateway;
let kms: KMSClient;
let db: DatabaseSync;
let key: string;
beforeAll(async () => {
  db = new DatabaseSync(':memory:');
  const services = { kms: { protocol: 'json' as const, handle: createKms(db, 'us-east-1').handle } };
  gateway = await startGateway({ services, port: 0, report: () => undefined });
  kms = new KMSClient({
    endpoint: gateway.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  key = (await kms.send(new CreateKeyCommand({ Description: 'test' }))).KeyMetadata?.KeyId ?? '';
});
afterAll(async () => {
  kms.destroy();
  await gateway.close();
  db.close();
});

const context = { tenantId: 'acme', endpointId: 'whe_1' };
const seal = (text: string, KeyId = key) =>
  kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from(text), EncryptionContext: context }));
const open = (CiphertextBlob: Uint8Array | undefined, EncryptionContext: Record<string, string> = context) =>
  kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));

it('opens what it sealed, whatever the order of the context', async () => {
  const { CiphertextBlob } = await seal('größer');
  const { Plaintext } = await open(CiphertextBlob, { endpointId: 'whe_1', tenantId: 'acme' });
  expect(Buffer.from(Plaintext ?? []).toString()).toBe('größer');
});

it('seals the same text differently each time, and never leaves it readable', async () => {
  const [one, two] = [await seal('canary'), await seal('canary')];
  expect(one.CiphertextBlob).not.toEqual(two.CiphertextBlob);
  expect(Buffer.from(one.CiphertextBlob ?? []).toString('latin1')).not.toContain('canary');
});

it('does not open what is copied to another context, or changed by one bit', async () => {
  const { CiphertextBlob = new Uint8Array() } = await seal('text');
  await expect(open(CiphertextBlob, { ...context, endpointId: 'whe_2' })).rejects.toThrow(
    InvalidCiphertextException,
  );
  await expect(open(CiphertextBlob, {})).rejects.toThrow(InvalidCiphertextException);
  const changed = Uint8Array.from(CiphertextBlob);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  await expect(open(changed)).rejects.toThrow(InvalidCiphertextException);
});

it('is found by an alias, and says so when there is none', async () => {
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/test', TargetKeyId: key }));
  expect((await seal('text', 'alias/test')).KeyId).toContain(key);
  await expect(seal('text', 'alias/none')).rejects.toThrow(NotFoundException);
});

it('takes 4 KiB and no more', async () => {
  await expect(seal('x'.repeat(4096))).resolves.toBeDefined();
  await expect(seal('x'.repeat(4097))).rejects.toThrow(/4097/);
});
