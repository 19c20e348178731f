/** The life of a container, over the real table; its objects are as the test says. */
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import type { ObjectStore } from '../../../io/aws/objects.ts';
import { type JobStore, jobStore } from '../../../io/table/jobs.ts';
import { jobTypes } from '../../../job-types.ts';
import { handlerOf } from '../../../worker/handlers/index.ts';
import { type Assignment, run, type WorkerPorts } from '../../../worker/run.ts';
import { setUp } from '../../local/gateway/set-up.ts';
import { BUCKET, type Change, FIRST, JOB_ID, jobIn, NOW, SECOND } from '../../support/jobs.ts';
import { createJobsTable } from '../../support/jobs-table.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
});
afterEach(() => cloud.close());

const CSV = `s3://${BUCKET}/tenants/acme/inputs/n.csv`;
const me: Assignment = { jobId: JOB_ID, batchType: 'csv.summarise', runId: FIRST, attempt: 1, try: 1 };

async function given(state: Parameters<typeof jobIn>[0], change: Change = {}) {
  const job = jobIn(state, { jobType: 'csv.summarise', input: { csv: CSV }, claim: undefined, ...change });
  await jobs.create(job);
  return job;
}

/** Nested lists, so many levels of them. */
const nested = (levels: number): [] => (levels === 1 ? [] : ([nested(levels - 1)] as never)); // a list in a list

/** A bucket in memory. */
function bucket(change: Partial<ObjectStore> = {}, content: string | Buffer = 'n\n1\n2\n') {
  const written: string[] = [];
  const read: string[] = [];
  const objects: ObjectStore = {
    read: async (uri) => {
      read.push(uri);
      return Readable.from([content]);
    },
    write: async (key, text) => {
      written.push(key);
      return { uri: `s3://${BUCKET}/${key}`, bytes: text.length };
    },
    ...change,
  };
  return { objects, written, read };
}

function ports(objects: ObjectStore, change: Partial<WorkerPorts> = {}) {
  const lines: string[] = [];
  const printed: string[] = [];
  const line = (event: string, facts = {}) => void lines.push(`${event} ${JSON.stringify(facts)}`);
  const all: WorkerPorts = {
    jobs,
    objectsOf: () => objects,
    handlerOf,
    bucket: BUCKET,
    types: jobTypes,
    clock: { nowMs: () => NOW },
    log: { info: line, error: line },
    stderr: { write: (text) => void printed.push(text) },
    ...change,
  };
  return { all, lines, printed };
}
const nothing = new AbortController().signal;

describe('a container', () => {
  test('claims, works and commits', async () => {
    await given('submitted');
    const { objects, written } = bucket();
    expect(await run(ports(objects).all, me, nothing)).toBe(0);
    expect(await jobs.get(JOB_ID)).toMatchObject({
      state: 'running',
      claim: { runId: FIRST, try: 1 },
      result: { inline: { rows: 2 } },
    });
    expect(written).toHaveLength(1);
  });

  test('whose result cannot be stored has failed, and no result is on the record (F52)', async () => {
    await given('submitted');
    const full = bucket({ write: () => Promise.reject(new Error('canary: 503 Slow Down')) });
    const { all, lines } = ports(full.objects);
    expect(await run(all, me, nothing)).toBe(1);
    const job = await jobs.get(JOB_ID);
    expect(job).toMatchObject({ state: 'running', reportedFailure: { code: 'exit_code' } });
    expect(job?.result).toBeUndefined();
    expect(JSON.stringify([job?.reportedFailure, lines])).not.toContain('canary');
  });

  test('that dies before its result is committed is followed by a later try, which writes the same objects (F48)', async () => {
    await given('submitted');
    const first = bucket();
    const died = Promise.withResolvers<void>();
    const dying: Pick<JobStore, 'get' | 'replace' | 'whole'> = {
      get: (jobId) => jobs.get(jobId),
      whole: (job) => jobs.whole(job),
      replace: (seen, next) => {
        if (next.result === undefined) return jobs.replace(seen, next);
        died.resolve();
        return new Promise(() => undefined);
      },
    };
    void run(ports(first.objects, { jobs: dying }).all, me, nothing);
    await died.promise;
    expect((await jobs.get(JOB_ID))?.result).toBeUndefined();

    const second = bucket();
    expect(await run(ports(second.objects).all, { ...me, try: 2 }, nothing)).toBe(0);
    expect(await jobs.get(JOB_ID)).toMatchObject({ claim: { try: 2 }, result: { inline: { rows: 2 } } });
    expect(second.written).toEqual(first.written);
  });

  test.each([
    ['succeeded', {}],
    ['cancelled', {}],
    ['running', { claim: { runId: SECOND, try: 1 }, runId: SECOND }],
  ] as const)(
    'leaves well, and opens nothing, when its job is %s and not its own (F49, F50)',
    async (state, change) => {
      const before = await given(state, change);
      const { objects, read, written } = bucket();
      expect(await run(ports(objects).all, me, nothing)).toBe(0);
      expect(await jobs.get(JOB_ID)).toEqual(before);
      expect([...read, ...written]).toEqual([]);
    },
  );

  test('whose handler throws tells the operator what, and the tenant only that (F82)', async () => {
    await given('submitted');
    const thrown = new Error('canary: ECONNREFUSED db:5432', { cause: new Error('canary: the cause') });
    thrown.name = 'Canary';
    const handler = () => Promise.reject(thrown);
    const { all, printed } = ports(bucket().objects, { handlerOf: async () => handler });
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
    const { objects, written } = bucket();
    expect(await run(ports(objects, { handlerOf: async () => handler }).all, me, nothing)).toBe(0);
    expect(await jobs.get(JOB_ID)).toMatchObject({
      result: { object: expect.stringMatching(/result\.json$/) },
    });
    expect([runs, written.length]).toEqual([1, 1]);
  });

  test.each([
    ['inline', { input: { csv: CSV, delimiter: 5 } }],
    ['behind inputRef', { input: undefined, inputRef: `s3://${BUCKET}/tenants/acme/inputs/request.json` }],
  ])(
    'whose input %s does not fit the schema of today says never again, with a code (F84)',
    async (_, change) => {
      await given('submitted', change);
      const { objects, written } = bucket({}, JSON.stringify({ csv: CSV, delimiter: 5 }));
      expect(await run(ports(objects).all, me, nothing)).toBe(64);
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
    const inputRef = `s3://${BUCKET}/tenants/acme/inputs/request.json`;
    await given('submitted', { input: undefined, inputRef });
    const { objects, read, written } = bucket({}, content);
    expect(await run(ports(objects).all, me, nothing)).toBe(64);
    const job = await jobs.get(JOB_ID);
    expect(job).toMatchObject({ reportedFailure: { code } });
    expect(read).toEqual([inputRef]);
    expect(written).toEqual([]);
  });

  test('whose input behind inputRef has more keys than a message may have reads them all', async () => {
    const inputRef = `s3://${BUCKET}/tenants/acme/inputs/request.json`;
    const input = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i}`, i]));
    const csv = jobTypes.get('csv.summarise');
    if (csv === undefined) throw new Error('csv.summarise is not registered');
    const types = new Map([[csv.id, { ...csv, input: z.record(z.string(), z.number()) }]]);
    let read: unknown;
    const handler = async (found: unknown) => {
      read = found;
      return null;
    };
    await given('submitted', { input: undefined, inputRef });
    const { objects } = bucket({}, JSON.stringify(input));
    expect(await run(ports(objects, { types, handlerOf: async () => handler }).all, me, nothing)).toBe(0);
    expect(read).toEqual(input);
  });

  test('that is asked to end while it waits for the rest of an object ends at once (F53)', async () => {
    await given('submitted');
    const ending = new AbortController();
    const { objects } = bucket({
      // Its first bytes have come, and no others will.
      read: async () => {
        const stalled = new PassThrough();
        stalled.write('n\n1\n');
        setImmediate(() => ending.abort());
        return stalled;
      },
    });
    expect(await run(ports(objects).all, me, ending.signal)).toBe(75);
    expect(await jobs.get(JOB_ID)).toMatchObject({ reportedFailure: { code: 'try_later' } });
  });

  test('that is asked to end while it works says try later (F53)', async () => {
    await given('submitted');
    const ending = new AbortController();
    const { objects } = bucket({
      read: async () => {
        ending.abort();
        throw new Error('aborted');
      },
    });
    expect(await run(ports(objects).all, me, ending.signal)).toBe(75);
    expect(await jobs.get(JOB_ID)).toMatchObject({ reportedFailure: { code: 'try_later' } });
  });
});
