/** The life of a container, over the real table; its objects are as the test says. */
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import type { RunFacts } from '../../../domain/job/claim.ts';
import type { JobTypes } from '../../../domain/job/job-type.ts';
import { type JobStore, jobStore } from '../../../io/table/jobs.ts';
import { jobTypes } from '../../../job-types.ts';
import { patient, type SendCall } from '../../../worker/api.ts';
import { handlerOf } from '../../../worker/handlers/index.ts';
import { type Assignment, run, type WorkerPorts } from '../../../worker/run.ts';
import type { Transfer } from '../../../worker/transfer.ts';
import type { Handler } from '../../../worker/work.ts';
import { setUp } from '../../local/gateway/set-up.ts';
import { BUCKET, type Change, FIRST, JOB_ID, jobIn, NOW, SECOND } from '../../support/jobs.ts';
import { createJobsTable } from '../../support/jobs-table.ts';
import { type Content, memoryBucket, openWorkerApi, ticketFor } from '../../support/worker-api.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
});
afterEach(() => cloud.close());

const CSV = `s3://${BUCKET}/tenants/acme/inputs/n.csv`;
const REQUEST = `s3://${BUCKET}/tenants/acme/inputs/request.json`;
const me: Assignment = { ticket: ticketFor(), runId: FIRST, try: 1, nonce: 'nonce-of-the-first' };
const later: Assignment = { ...me, try: 2, nonce: 'nonce-of-a-later' };
const keyIn = (uri: string) => uri.slice(`s3://${BUCKET}/`.length);

async function given(state: Parameters<typeof jobIn>[0], change: Change = {}) {
  const job = jobIn(state, { jobType: 'csv.summarise', input: { csv: CSV }, claim: undefined, ...change });
  await jobs.create(job);
  return job;
}

/** Nested lists, so many levels of them. */
const nested = (levels: number): [] => (levels === 1 ? [] : ([nested(levels - 1)] as never)); // a list in a list

interface Surroundings {
  readonly content?: Content;
  readonly transfer?: Partial<Transfer>;
  readonly types?: JobTypes;
  readonly facts?: RunFacts;
  readonly change?: Partial<WorkerPorts>;
  readonly send?: (sound: SendCall) => SendCall;
}

function ports(given: Surroundings = {}) {
  const lines: string[] = [];
  const printed: string[] = [];
  const line = (event: string, facts = {}) => void lines.push(`${event} ${JSON.stringify(facts)}`);
  const log = { info: line, error: line };
  const content = given.content ?? 'n\n1\n2\n';
  const bucket = memoryBucket({ [keyIn(CSV)]: content, [keyIn(REQUEST)]: content });
  const types = given.types ?? jobTypes;
  const api = openWorkerApi({ jobs, bucket, types, ...(given.facts && { facts: given.facts }) });
  const clock = { nowMs: () => NOW, waitUntil: () => new Promise<void>(() => undefined) };
  const all: WorkerPorts = {
    api: patient(
      (given.send ?? ((sound) => sound))(api.send),
      { ...clock, waitUntil: async () => undefined },
      log,
    ),
    transfer: { ...bucket.transfer, ...given.transfer },
    handlerOf,
    types,
    // Heartbeats would come for ever at once.
    clock,
    log,
    stderr: { write: (text) => void printed.push(text) },
    ...given.change,
  };
  return { all, lines, printed, ...bucket };
}
const nothing = new AbortController().signal;

describe('a container', () => {
  test('claims, works and commits', async () => {
    await given('submitted');
    const { all, written } = ports();
    expect(await run(all, me, nothing)).toBe(0);
    expect(await jobs.get(JOB_ID)).toMatchObject({
      state: 'running',
      claim: { runId: FIRST, try: 1 },
      result: { inline: { rows: 2 } },
    });
    expect(written).toHaveLength(1);
  });

  test('hands its credentials to a client of S3, where its job type asks for them', async () => {
    await given('submitted');
    const types = new Map([...jobTypes].map(([id, type]) => [id, { ...type, scopedCredentials: true }]));
    const seen: unknown[] = [];
    const handler: Handler<never> = async (_, { credentials }) => {
      seen.push(await credentials?.());
      return null;
    };
    const { all } = ports({ types, change: { handlerOf: async () => handler } });
    expect(await run(all, me, nothing)).toBe(0);
    const expiration = new Date(NOW + 3_600_000);
    expect(seen).toEqual([
      {
        accessKeyId: `acme-${JOB_ID}-${FIRST}`,
        secretAccessKey: 'secret',
        sessionToken: 'session',
        expiration,
      },
    ]);
  });

  test('whose result cannot be stored has failed, and no result is on the record (F52)', async () => {
    await given('submitted');
    const { all, lines } = ports({
      transfer: { put: () => Promise.reject(new Error('canary: 503 Slow Down')) },
    });
    expect(await run(all, me, nothing)).toBe(1);
    const job = await jobs.get(JOB_ID);
    expect(job).toMatchObject({ state: 'running', reportedFailure: { code: 'exit_code' } });
    expect(job?.result).toBeUndefined();
    expect(JSON.stringify([job?.reportedFailure, lines])).not.toContain('canary');
  });

  test('that dies before its result is committed is followed by a later try, which writes its own objects (F48)', async () => {
    await given('submitted');
    const died = Promise.withResolvers<void>();
    const first = ports({
      send: (sound) => (call) => {
        if (!('call' in call) || call.call !== 'complete') return sound(call);
        died.resolve();
        return new Promise(() => undefined);
      },
    });
    void run(first.all, me, nothing);
    await died.promise;
    expect((await jobs.get(JOB_ID))?.result).toBeUndefined();

    const second = ports({ facts: { kind: 'known', tries: 1 } });
    expect(await run(second.all, later, nothing)).toBe(0);
    expect(await jobs.get(JOB_ID)).toMatchObject({ claim: { try: 2 }, result: { inline: { rows: 2 } } });
    expect(first.written).toEqual([`tenants/acme/results/${JOB_ID}/${FIRST}-1/summary.json`]);
    expect(second.written).toEqual([`tenants/acme/results/${JOB_ID}/${FIRST}-2/summary.json`]);
  });

  test('whose answers are lost calls again, and finds its own claim and its own result', async () => {
    await given('submitted');
    const answered = new Set<string>();
    const { all, written } = ports({
      send: (sound) => async (call) => {
        const answer = await sound(call);
        const name = 'call' in call ? String(call.call) : '';
        if (answered.has(name)) return answer;
        answered.add(name);
        throw new Error('The answer is lost');
      },
    });
    expect(await run(all, me, nothing)).toBe(0);
    expect(answered).toEqual(new Set(['claim', 'heartbeat', 'complete']));
    expect(await jobs.get(JOB_ID)).toMatchObject({ claim: { try: 1 }, result: { inline: { rows: 2 } } });
    expect(written).toHaveLength(1);
  });

  test.each([
    ['succeeded', {}],
    ['cancelled', {}],
    ['running', { claim: { runId: SECOND, try: 1 }, runId: SECOND }],
  ] as const)(
    'leaves well, and opens nothing, when its job is %s and not its own (F49, F50)',
    async (state, change) => {
      const before = await given(state, change);
      const { all, read, written } = ports({ facts: { kind: 'known', tries: 0 } });
      expect(await run(all, me, nothing)).toBe(0);
      expect(await jobs.get(JOB_ID)).toEqual(before);
      expect([...read, ...written]).toEqual([]);
    },
  );

  test('whose handler throws tells the operator what, and the tenant only that (F82)', async () => {
    await given('submitted');
    const thrown = new Error('canary: ECONNREFUSED db:5432', { cause: new Error('canary: the cause') });
    thrown.name = 'Canary';
    const handler = () => Promise.reject(thrown);
    const { all, printed } = ports({ change: { handlerOf: async () => handler } });
    expect(await run(all, me, nothing)).toBe(1);
    const job = await jobs.get(JOB_ID);
    expect(job).toMatchObject({ state: 'running', reportedFailure: { code: 'exit_code' } });
    expect(JSON.stringify(job)).not.toMatch(/canary/i);
    expect(printed.join('')).toMatch(
      /canary: ECONNREFUSED db:5432\n +at .*run\.test\.ts[\s\S]*Caused by: Error: canary: the cause/,
    );
  });

  test.each([
    ['an integer that DynamoDB has no room for', { id: 2 ** 60 }],
    ['a number that is too small for DynamoDB', { p: 1e-200 }],
    ['half a character', { name: '\ud800' }],
    ['more levels than an item may have', nested(40)],
  ])('whose result has %s has done its work, and the result is an object (F83)', async (_, value) => {
    await given('submitted');
    let runs = 0;
    const handler = async () => {
      runs += 1;
      return value;
    };
    const { all, written } = ports({ change: { handlerOf: async () => handler } });
    expect(await run(all, me, nothing)).toBe(0);
    expect(await jobs.get(JOB_ID)).toMatchObject({
      result: { object: expect.stringMatching(/result\.json$/) },
    });
    expect([runs, written.length]).toEqual([1, 1]);
  });

  test.each([
    ['inline', { input: { csv: CSV, delimiter: 5 } }],
    ['behind inputRef', { input: undefined, inputRef: REQUEST }],
  ])(
    'whose input %s does not fit the schema of today says never again, with a code (F84)',
    async (_, change) => {
      await given('submitted', change);
      const { all, written } = ports({ content: JSON.stringify({ csv: CSV, delimiter: 5 }) });
      expect(await run(all, me, nothing)).toBe(64);
      expect(await jobs.get(JOB_ID)).toMatchObject({
        reportedFailure: {
          code: 'input_invalid',
          message: '/input/delimiter: Expected string, found number.',
        },
      });
      expect(written).toEqual([]);
    },
  );

  test.each([
    ['is no JSON', 'canary {', 'input_invalid'],
    ['is no object', '["canary"]', 'input_invalid'],
    ['has an integer that loses digits', '{"id":9007199254740993}', 'number_range'],
    ['has a key twice', '{"canary":1,"canary":2}', 'json_duplicate_key'],
    ['is nested too deep', `{"a":${'['.repeat(100_000)}`, 'json_too_deep'],
    ['has a byte order mark', `\ufeff{"csv":"${CSV}"}`, 'input_invalid'],
    ['is not UTF-8', Buffer.from('{"csv":"\xe9"}', 'latin1'), 'input_invalid'],
    ['is larger than 16 MiB', Buffer.alloc(16 * 1024 * 1024 + 1, ' '), 'input_invalid'],
    ['has a field that its job type does not know', `{"csv":"${CSV}","canary":1}`, 'input_invalid'],
    [
      "names another tenant's object",
      `{"csv":"s3://${BUCKET}/tenants/globex/canary.csv"}`,
      'input_uri_forbidden',
    ],
  ])('whose input behind inputRef %s says never again, and why (F51)', async (_, content, code) => {
    await given('submitted', { input: undefined, inputRef: REQUEST });
    const { all, read, written } = ports({ content });
    expect(await run(all, me, nothing)).toBe(64);
    const job = await jobs.get(JOB_ID);
    expect(job).toMatchObject({ reportedFailure: { code } });
    expect(read).toEqual([keyIn(REQUEST)]);
    expect(written).toEqual([]);
  });

  test('whose input behind inputRef has more keys than a message may have reads them all', async () => {
    const input = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i}`, i]));
    const csv = jobTypes.get('csv.summarise');
    if (csv === undefined) throw new Error('csv.summarise is not registered');
    const types = new Map([[csv.id, { ...csv, input: z.record(z.string(), z.number()) }]]);
    let read: unknown;
    const handler = async (found: unknown) => {
      read = found;
      return null;
    };
    await given('submitted', { input: undefined, inputRef: REQUEST });
    const { all } = ports({
      content: JSON.stringify(input),
      types,
      change: { handlerOf: async () => handler },
    });
    expect(await run(all, me, nothing)).toBe(0);
    expect(read).toEqual(input);
  });

  test('that is asked to end while it waits for the rest of an object ends at once (F53)', async () => {
    await given('submitted');
    const ending = new AbortController();
    const { all } = ports({
      transfer: {
        // Its first bytes have come, and no others will.
        get: async () => {
          const stalled = new PassThrough();
          stalled.write('n\n1\n');
          setImmediate(() => ending.abort());
          return stalled;
        },
      },
    });
    expect(await run(all, me, ending.signal)).toBe(75);
    expect(await jobs.get(JOB_ID)).toMatchObject({ reportedFailure: { code: 'try_later' } });
  });

  test('that is asked to end while it works says try later (F53)', async () => {
    await given('submitted');
    const ending = new AbortController();
    const { all } = ports({
      transfer: {
        get: async () => {
          ending.abort();
          throw new Error('aborted');
        },
      },
    });
    expect(await run(all, me, ending.signal)).toBe(75);
    expect(await jobs.get(JOB_ID)).toMatchObject({ reportedFailure: { code: 'try_later' } });
  });
});
