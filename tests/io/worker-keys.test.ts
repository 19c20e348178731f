/** The keys with which the stack knows its containers again. */
import { isDeepStrictEqual } from 'node:util';
import type { KMSClient } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ANNOUNCED_MS, RENEW_AFTER_MS } from '../../domain/worker/key-generations.ts';
import { type Purpose, parseTask, parseTicket, taskText, ticketText } from '../../domain/worker/tokens.ts';
import { type WorkerKeys, workerKeys } from '../../io/aws/worker-keys.ts';
import type { SealedKey } from '../../io/table/sealed-keys.ts';
import { sealedKeys } from '../../io/table/sealed-keys.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { FIRST, JOB_ID, NONCE, NOW } from '../support/jobs.ts';
import { createJobsTable } from '../support/jobs-table.ts';

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
      replace: async (purpose: Purpose, from: readonly SealedKey[], to: readonly SealedKey[]) => {
        if (isDeepStrictEqual(items.get(purpose), from)) items.set(purpose, to);
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

  test('is worth nothing to processes that begin after the keys were deleted', async () => {
    const [kms, table] = [openKms(), openTable()];
    const leaked = await ticketOf(workerKeys(kms.client, 'k', table.store, clock));
    table.items.clear();
    const [submit, api] = [0, 1].map(() => workerKeys(kms.client, 'k', table.store, clock)) as [
      WorkerKeys,
      WorkerKeys,
    ]; // two of them
    expect(await isTicket(api, leaked)).toBe(false);
    expect(await isTicket(api, await ticketOf(submit))).toBe(true);
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
    const announced = { ...other, keyId: 'k2', madeAt: NOW - ANNOUNCED_MS };
    table.items.set('ticket', [first, announced]);
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

describe('after a month', () => {
  const MINUTE_MS = 60_000;
  const idOf = (ticket: string) => parseTicket(ticket)?.content.keyId;

  /** submit and worker-api, each with what it remembers. */
  function stack() {
    const [kms, table, time] = [openKms(), openTable(), { nowMs: NOW }];
    const open = () => workerKeys(kms.client, 'k', table.store, { nowMs: () => time.nowMs });
    return { kms, table, time, open, submit: open(), api: open() };
  }

  test('a new key is made, which signs when every process would find it, and tickets of the one before are still taken', async () => {
    const { time, submit, api, open } = stack();
    const old = await ticketOf(submit);
    expect(await isTicket(api, old)).toBe(true);
    time.nowMs += RENEW_AFTER_MS;
    expect(idOf(await ticketOf(submit))).toBe('k1');
    // Now worker-api remembers the keys of the moment before the new one was made.
    time.nowMs += ANNOUNCED_MS;
    const renewed = await ticketOf(open());
    expect(idOf(renewed)).toBe('k2');
    expect(await isTicket(api, renewed)).toBe(true);
    expect(await isTicket(api, old)).toBe(true);
    time.nowMs += 10 * MINUTE_MS;
    expect(idOf(await ticketOf(submit))).toBe('k2');
  });

  test('two processes that renew at once make one key', async () => {
    const { table, time, submit, open } = stack();
    await ticketOf(submit);
    time.nowMs += RENEW_AFTER_MS;
    await Promise.all([ticketOf(open()), ticketOf(open()), ticketOf(open())]);
    expect(table.items.get('ticket')?.map(({ keyId }) => keyId)).toEqual(['k1', 'k2']);
  });

  test('a ticket is taken for 90 days more, and a task token for 30', async () => {
    const { table, time, submit, open } = stack();
    const ids = (purpose: Purpose) => table.items.get(purpose)?.map(({ keyId }) => keyId);
    const old = await ticketOf(submit);
    for (let month = 1; month <= 4; month++) {
      expect(await isTicket(open(), old)).toBe(true);
      time.nowMs += RENEW_AFTER_MS;
      for (const purpose of ['ticket', 'task'] as const) await open().sign(purpose, (keyId) => keyId);
    }
    expect([ids('ticket'), ids('task')]).toEqual([
      ['k2', 'k3', 'k4', 'k5'],
      ['k3', 'k4'],
    ]);
    expect(await isTicket(open(), old)).toBe(false);
  });

  test('a key from the time before keys were renewed is replaced at once, and signs until then', async () => {
    const { table, submit, open } = stack();
    const [made] = await ticketOf(submit).then(() => table.items.get('ticket') ?? []);
    if (made === undefined) throw new Error('No key was made');
    table.items.set('ticket', [{ keyId: made.keyId, sealed: made.sealed }]);
    expect(idOf(await ticketOf(open()))).toBe('k1');
    expect(table.items.get('ticket')?.map(({ keyId }) => keyId)).toEqual(['k1', 'k2']);
  });

  test('the old key signs on while KMS makes no new one', async () => {
    const { kms, table, time, submit } = stack();
    await ticketOf(submit);
    time.nowMs += RENEW_AFTER_MS;
    const broken = { send: () => Promise.reject(new Error('KMS is throttled')) } as unknown as KMSClient; // as above
    const encrypting = {
      send: (command: never) =>
        'Plaintext' in (command as { input: object }).input ? broken.send(command) : kms.client.send(command),
    } as unknown as KMSClient; // as above
    const keys = workerKeys(encrypting, 'k', table.store, { nowMs: () => time.nowMs });
    expect(idOf(await ticketOf(keys))).toBe('k1');
  });
});

describe('in the table', () => {
  let cloud: Awaited<ReturnType<typeof setUp>>;
  beforeAll(async () => {
    cloud = await setUp();
  });
  afterAll(() => cloud.close());
  const key = (keyId: string) => ({ keyId, sealed: keyId, madeAt: NOW });
  const keys = (...ids: readonly string[]) => ids.map(key);

  test('keys are replaced once, and not those that another process has replaced', async () => {
    const store = sealedKeys(await createJobsTable(cloud.dynamodb));
    await store.putFirst('task', key('k1'));
    await store.replace('task', keys('k1'), keys('k1', 'k2'));
    await store.replace('task', keys('k1'), keys('k1', 'k3'));
    expect(await store.load('task')).toEqual(keys('k1', 'k2'));
    await store.replace('task', keys('k1', 'k2'), keys('k2', 'k3'));
    await store.replace('task', keys('k1', 'k2'), keys('k2', 'k4'));
    expect(await store.load('task')).toEqual(keys('k2', 'k3'));
  });
});
