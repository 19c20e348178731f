/** The keys with which the stack knows its containers again. */
import type { KMSClient } from '@aws-sdk/client-kms';
import { describe, expect, test } from '@jest/globals';
import { type Purpose, parseTask, parseTicket, taskText, ticketText } from '../../domain/worker/tokens.ts';
import { type WorkerKeys, workerKeys } from '../../io/aws/worker-keys.ts';
import type { SealedKey } from '../../io/table/sealed-keys.ts';
import { FIRST, JOB_ID, NONCE, NOW } from '../support/jobs.ts';

/** A KMS that seals by writing down, with the context. */
function openKms() {
  const calls: string[] = [];
  const send = async (command: { readonly input: Record<string, unknown> }) => {
    const { Plaintext, CiphertextBlob, EncryptionContext } = command.input;
    const context = JSON.stringify(EncryptionContext);
    calls.push(`${Plaintext === undefined ? 'open' : 'seal'} ${context}`);
    if (Plaintext instanceof Uint8Array)
      return {
        CiphertextBlob: Buffer.from(JSON.stringify([context, Buffer.from(Plaintext).toString('hex')])),
      };
    const [sealedFor, plain] = JSON.parse(String(CiphertextBlob));
    if (sealedFor !== context) throw new Error('another context');
    return { Plaintext: Buffer.from(plain, 'hex') };
  };
  return { client: { send } as unknown as KMSClient, calls }; // the one method of it that is used
}

function openTable() {
  const items = new Map<Purpose, readonly SealedKey[]>();
  return {
    items,
    store: {
      load: async (purpose: Purpose) => items.get(purpose),
      putFirst: async (purpose: Purpose, key: SealedKey) => {
        if (!items.has(purpose)) items.set(purpose, [key]);
        return items.get(purpose) ?? [];
      },
    },
  };
}

const clock = { nowMs: () => NOW };
const ticketOf = (keys: WorkerKeys) =>
  keys.sign('ticket', (keyId) => ticketText({ keyId, jobId: JOB_ID, attempt: 1 }));
const isTicket = async (keys: WorkerKeys, text: string) => {
  const parsed = parseTicket(text);
  return parsed !== undefined && keys.isGenuine('ticket', parsed);
};

describe('a ticket', () => {
  test('is known by every process of the stack, and there is one for each attempt', async () => {
    const [kms, table] = [openKms(), openTable()];
    const [submit, api] = [0, 1].map(() => workerKeys(kms.client, 'k', table.store, clock)) as [
      WorkerKeys,
      WorkerKeys,
    ]; // two of them
    const tickets = await Promise.all([ticketOf(submit), ticketOf(api)]);
    expect(tickets[0]).toBe(tickets[1]);
    expect(await isTicket(api, tickets[0])).toBe(true);
    expect(table.items.get('ticket')).toHaveLength(1);
  });

  test('costs one call of KMS in the life of a process', async () => {
    const [kms, table] = [openKms(), openTable()];
    await ticketOf(workerKeys(kms.client, 'k', table.store, clock));
    kms.calls.splice(0);
    const keys = workerKeys(kms.client, 'k', table.store, clock);
    for (let time = 0; time < 5; time++) await isTicket(keys, await ticketOf(keys));
    expect(kms.calls).toEqual(['open {"purpose":"ticket"}']);
  });

  test('of another stack is not known', async () => {
    const foreign = workerKeys(openKms().client, 'k', openTable().store, clock);
    const own = workerKeys(openKms().client, 'k', openTable().store, clock);
    expect(await isTicket(own, await ticketOf(foreign))).toBe(false);
  });

  test('that the newest key signs is known to a process that had opened the older ones alone', async () => {
    const [kms, table] = [openKms(), openTable()];
    let nowMs = NOW;
    const old = workerKeys(kms.client, 'k', table.store, { nowMs: () => nowMs });
    const before = await ticketOf(old);
    const [first] = table.items.get('ticket') ?? [];
    const second = openTable();
    await ticketOf(workerKeys(kms.client, 'k', second.store, clock));
    const [other] = second.items.get('ticket') ?? [];
    if (first === undefined || other === undefined) throw new Error('No key was made');
    table.items.set('ticket', [first, { ...other, keyId: 'k2' }]);
    const newest = workerKeys(kms.client, 'k', table.store, clock);
    nowMs += 60_001;
    expect(await isTicket(old, await ticketOf(newest))).toBe(true);
    expect(await isTicket(newest, before)).toBe(true);
  });
});

test('a key of one purpose signs nothing for the other', async () => {
  const [kms, table] = [openKms(), openTable()];
  const keys = workerKeys(kms.client, 'k', table.store, clock);
  const task = { jobId: JOB_ID, attempt: 1, runId: FIRST, try: 1, nonce: NONCE, expiresAt: NOW };
  const asTicket = await keys.sign('ticket', (keyId) => taskText({ ...task, keyId }));
  const parsed = parseTask(asTicket);
  expect(parsed && (await keys.isGenuine('task', parsed))).toBe(false);
  table.items.set('task', table.items.get('ticket') ?? []);
  await expect(
    workerKeys(kms.client, 'k', table.store, clock).sign('task', (keyId) => taskText({ ...task, keyId })),
  ).rejects.toThrow('another context');
});
