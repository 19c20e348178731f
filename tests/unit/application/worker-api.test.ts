/** What a container may ask of `worker-api`, and a program that has read its ticket. */
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { advance } from '../../../domain/job/advance.ts';
import type { JobRecord } from '../../../domain/job/job.ts';
import type { WorkerAnswer } from '../../../domain/worker/calls.ts';
import { TASK_LIFETIME_MS } from '../../../domain/worker/tokens.ts';
import { type JobStore, jobStore } from '../../../io/table/jobs.ts';
import { setUp } from '../../local/gateway/set-up.ts';
import { BUCKET, type Change, context, FIRST, JOB_ID, jobIn, NOW, SECOND } from '../../support/jobs.ts';
import { createJobsTable } from '../../support/jobs-table.ts';
import { codeIn, memoryBucket, openWorkerApi, testKeys, ticketFor } from '../../support/worker-api.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
let jobs: JobStore;
beforeEach(async () => {
  cloud = await setUp();
  jobs = jobStore(await createJobsTable(cloud.dynamodb));
});
afterEach(() => cloud.close());

const CSV = `s3://${BUCKET}/tenants/acme/inputs/n.csv`;
const FOREIGN = `s3://${BUCKET}/tenants/globex/inputs/n.csv`;
const OTHER_JOB = `job_${'b'.repeat(26)}`;
const FOLDER = `tenants/acme/results/${JOB_ID}/${FIRST}-1/`;
const claimCall = { call: 'claim', ticket: ticketFor(), runId: FIRST, try: 1, nonce: 'nonce-of-the-first' };
const content = Buffer.from('{"rows":2}');
const object = { name: 'r.json', bytes: content.length, sha256: hash('sha256', content) };

async function given(state: JobRecord['state'] = 'submitted', change: Change = {}) {
  const job = jobIn(state, { jobType: 'csv.summarise', input: { csv: CSV }, claim: undefined, ...change });
  await jobs.create(job);
  return job;
}

const tokenIn = (answer: WorkerAnswer): string => {
  if (!('token' in answer) || answer.token === undefined) throw new Error(JSON.stringify(answer));
  return answer.token;
};

async function claimed(change: Change = {}, options: Partial<Parameters<typeof openWorkerApi>[0]> = {}) {
  await given('submitted', change);
  const api = openWorkerApi({ jobs, ...options });
  const token = tokenIn(await api.send(claimCall));
  return { ...api, token };
}

/** What Batch and others do to the record meanwhile. */
async function change(next: (job: JobRecord) => JobRecord | undefined): Promise<JobRecord> {
  const job = (await jobs.get(JOB_ID)) as JobRecord; // given before
  const changed = next(job);
  if (changed !== undefined) await jobs.replace(job, changed);
  return changed ?? job;
}

describe('a claim', () => {
  test('is answered with the input, URLs for its objects, and the folder of this try', async () => {
    await given();
    expect(await openWorkerApi({ jobs }).send(claimCall)).toMatchObject({
      status: 200,
      jobType: 'csv.summarise',
      input: { csv: CSV },
      urls: { [CSV]: expect.stringContaining('inputs%2Fn.csv') },
      folder: `s3://${BUCKET}/${FOLDER}`,
    });
  });

  test('that is repeated is answered again and writes nothing, with the same nonce alone', async () => {
    await given();
    const { send } = openWorkerApi({ jobs });
    await send(claimCall);
    const before = await jobs.get(JOB_ID);
    expect(await send(claimCall)).toMatchObject({ status: 200 });
    expect(codeIn(await send({ ...claimCall, nonce: 'nonce-of-a-thief-0' }))).toBe('superseded');
    expect(await jobs.get(JOB_ID)).toEqual(before);
    expect(JSON.stringify(before)).not.toContain(claimCall.nonce);
  });

  test.each<[string, () => object, string]>([
    [
      'with a forged ticket',
      () => ({ ticket: ticketFor().replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }),
      'ticket_invalid',
    ],
    ['with the ticket of another attempt', () => ({ ticket: ticketFor(JOB_ID, 2) }), 'superseded'],
    ['with the ticket of a job that is not there', () => ({ ticket: ticketFor(OTHER_JOB) }), 'superseded'],
    [
      'with a ticket for another job and the code of its own',
      () => ({ ticket: ticketFor().replace(JOB_ID, OTHER_JOB) }),
      'ticket_invalid',
    ],
    [
      'with another spelling of its attempt',
      () => ({ ticket: ticketFor().replace('.1.', '.01.') }),
      'ticket_invalid',
    ],
    ['with no ticket', () => ({ ticket: 'ticket' }), 'ticket_invalid'],
    ['of a Batch job that AWS Batch does not confirm', () => ({ runId: SECOND }), 'ask_again'],
    ['of a higher try than Batch knows', () => ({ try: 99 }), 'ask_again'],
    ['of a run whose name leads out of its folder', () => ({ runId: '../../globex' }), 'call_invalid'],
    ['of every run at once', () => ({ runId: '*' }), 'call_invalid'],
    ['with a nonce that can be guessed', () => ({ nonce: '1' }), 'call_invalid'],
    ['with a field that no call has', () => ({ tenantId: 'globex' }), 'call_invalid'],
    ['with a field of many bytes', () => ({ ticket: 'x'.repeat(200_000) }), 'body_too_large'],
  ])('%s is refused, and the record stays as it is (M91)', async (_, change, code) => {
    const before = await given();
    const answer = await openWorkerApi({ jobs }).send({ ...claimCall, ...change() });
    expect(codeIn(answer)).toBe(code);
    expect(await jobs.get(JOB_ID)).toEqual(before);
  });

  test('of a Batch job that the record does not know is taken when AWS Batch confirms it', async () => {
    await given('submitting');
    const { send } = openWorkerApi({ jobs, facts: { kind: 'known', tries: 0 } });
    expect(await send(claimCall)).toMatchObject({ status: 200 });
    expect(await jobs.get(JOB_ID)).toMatchObject({ runId: FIRST, claim: { runId: FIRST, try: 1 } });
  });

  test.each(['[]', 'null', '7', '"claim"', '{}', '{"call":"delete"}'])(
    'is not %s, and the answer says nothing else than that',
    async (event) => {
      const { send } = openWorkerApi({ jobs });
      expect(codeIn(await send(JSON.parse(event)))).toBe('call_invalid');
    },
  );
});

describe('a ticket that was stolen', () => {
  test('is worth nothing once its container has claimed', async () => {
    const { send } = await claimed();
    for (const stolen of [
      { ...claimCall, nonce: 'nonce-of-a-thief-0' },
      { ...claimCall, nonce: 'nonce-of-a-thief-0', try: 2 },
      { ...claimCall, nonce: 'nonce-of-a-thief-0', runId: SECOND },
    ])
      expect(codeIn(await send(stolen))).not.toBeUndefined();
    expect(await jobs.get(JOB_ID)).toMatchObject({ runId: FIRST, claim: { runId: FIRST, try: 1 } });
  });
});

describe('a task token', () => {
  test.each<[string, (token: string) => string]>([
    ['that is forged', (token) => token.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['for another job', (token) => token.replace(JOB_ID, OTHER_JOB)],
    ['for a later expiry', (token) => token.replace(/\.(\d{13})\./, '.9999999999999.')],
    ['that is a ticket', () => ticketFor()],
    ['that is empty', () => ''],
  ])('%s is refused by every call (M92)', async (_, change) => {
    const { send, token } = await claimed();
    const before = await jobs.get(JOB_ID);
    for (const call of [
      { call: 'heartbeat', uploads: [object] },
      { call: 'complete', result: '1' },
      { call: 'fail', code: 'try_later', message: 'Later.' },
    ])
      expect(codeIn(await send({ ...call, token: change(token) }))).toBe('task_token_invalid');
    expect(await jobs.get(JOB_ID)).toEqual(before);
  });

  test('is good for an hour and two minutes, and is renewed at half its life', async () => {
    const { send, token, time } = await claimed();
    expect(await send({ call: 'heartbeat', token })).toEqual({ status: 200, cancel: false });
    time.nowMs += TASK_LIFETIME_MS / 2 + 1;
    const renewed = tokenIn(await send({ call: 'heartbeat', token }));
    time.nowMs += TASK_LIFETIME_MS / 2 + 120_000;
    expect(codeIn(await send({ call: 'heartbeat', token }))).toBe('task_token_invalid');
    expect(await send({ call: 'heartbeat', token: renewed })).toMatchObject({ status: 200 });
  });

  test('is worth nothing once a later try has claimed, the attempt is over, or the job is final (M93)', async () => {
    const { send, token } = await claimed({}, { facts: { kind: 'known', tries: 1 } });
    await send({ ...claimCall, try: 2, nonce: 'nonce-of-the-second' });
    for (const call of [
      { call: 'heartbeat', reads: [CSV] },
      { call: 'complete', result: '1' },
      { call: 'fail', code: 'try_later', message: 'Later.' },
    ])
      expect(await send({ ...call, token })).toEqual({
        status: 409,
        code: 'superseded',
        message: expect.any(String),
      });
  });
});

describe('a heartbeat', () => {
  test('tells that the end of the job was asked for', async () => {
    const { send, token } = await claimed();
    await change((job) => advance(job, { kind: 'cancel' }, context));
    expect(await send({ call: 'heartbeat', token })).toEqual({ status: 200, cancel: true });
  });

  test('reports progress, at most every few seconds', async () => {
    const { send, token, time } = await claimed();
    await send({ call: 'heartbeat', token, progress: '{"done":1,"total":3}' });
    await send({ call: 'heartbeat', token, progress: '{"done":2}' });
    expect(await jobs.get(JOB_ID)).toMatchObject({ progress: { done: 1, total: 3, at: time.nowMs } });
    time.nowMs += 5000;
    await send({ call: 'heartbeat', token, progress: '{"done":2}' });
    expect(await jobs.get(JOB_ID)).toMatchObject({ progress: { done: 2 } });
  });

  test.each([
    'done',
    '{"done":-1}',
    '{"done":1e999}',
    '{"done":1},"token":"x"',
    '{"done":1,"token":"x"}',
    '[1]',
    '{"done":"1"}',
    `{"done":1,"note":${'['.repeat(50)}${']'.repeat(50)}}`,
  ])('with %s is no progress, and nothing is written (M94)', async (progress) => {
    const { send, token } = await claimed();
    const before = await jobs.get(JOB_ID);
    expect(codeIn(await send({ call: 'heartbeat', token, progress }))).toBe('progress_invalid');
    expect(await jobs.get(JOB_ID)).toEqual(before);
  });

  test.each([
    FOREIGN,
    `s3://${BUCKET}/tenants/acme-2/inputs/n.csv`,
    `s3://${BUCKET}/tenants/acme/../globex/n.csv`,
    `s3://${BUCKET}/tenants/acme/`,
    's3://other-bucket/tenants/acme/n.csv',
    `S3://${BUCKET}/tenants/acme/n.csv`,
    'https://example.com/',
  ])('signs no URL for %s (F80)', async (uri) => {
    const { send, token } = await claimed();
    expect(codeIn(await send({ call: 'heartbeat', token, reads: [CSV, uri] }))).toBe('input_uri_forbidden');
  });

  test('signs no URL for an address of another tenant that the input names, whatever admission said', async () => {
    await given('submitted', { input: { csv: FOREIGN } });
    const answer = await openWorkerApi({ jobs }).send(claimCall);
    expect(answer).toMatchObject({ status: 200, urls: {} });
    expect(JSON.stringify(answer)).not.toContain('globex%2F');
  });

  test.each(['', '.', '..', '../r.json', 'a/b', 'a b', 'ä', 'x'.repeat(129)])(
    'signs no upload of the name "%s"',
    async (name) => {
      const { send, token } = await claimed();
      const call = { call: 'heartbeat', token, uploads: [{ ...object, name }] };
      expect(codeIn(await send(call))).toBe('call_invalid');
    },
  );

  test('signs uploads below the folder of its try', async () => {
    const { send, token } = await claimed();
    expect(await send({ call: 'heartbeat', token, uploads: [object] })).toMatchObject({
      uploads: [
        { name: 'r.json', uri: `s3://${BUCKET}/${FOLDER}r.json`, url: expect.stringContaining('r.json') },
      ],
    });
  });
});

describe('a result', () => {
  const withObject = () => ({ bucket: memoryBucket({ [`${FOLDER}r.json`]: content }) });

  test('is committed once: the first one stays, and a repeat is answered as the first', async () => {
    const { send, token } = await claimed();
    expect(await send({ call: 'complete', token, result: '{"rows":1}' })).toEqual({ status: 200 });
    const before = await jobs.get(JOB_ID);
    expect(await send({ call: 'complete', token, result: '{"rows":2}' })).toEqual({ status: 200 });
    expect(await jobs.get(JOB_ID)).toEqual(before);
    expect(before).toMatchObject({ result: { inline: { rows: 1 } } });
  });

  test('is null for a program that has none', async () => {
    const { send, token } = await claimed();
    await send({ call: 'complete', token });
    expect(await jobs.get(JOB_ID)).toMatchObject({ result: { inline: null } });
  });

  test('behind an object is in the record when it is small, and named with its hash when it is not', async () => {
    const small = await claimed({}, withObject());
    expect(await small.send({ call: 'complete', token: small.token, object })).toEqual({ status: 200 });
    expect(await jobs.get(JOB_ID)).toMatchObject({ result: { inline: { rows: 2 } } });
  });

  test('that is larger than a record keeps is named with its hash', async () => {
    const text = JSON.stringify('x'.repeat(40_000));
    const large = { name: 'r.json', bytes: text.length, sha256: hash('sha256', text) };
    const { send, token } = await claimed({}, { bucket: memoryBucket({ [`${FOLDER}r.json`]: text }) });
    expect(await send({ call: 'complete', token, object: large })).toEqual({ status: 200 });
    const written = { object: `s3://${BUCKET}/${FOLDER}r.json`, bytes: text.length, sha256: large.sha256 };
    // The bucket deletes it 30 days after its upload.
    const result = { ...written, expiresAt: NOW + 30 * 86_400_000 };
    expect(await jobs.get(JOB_ID)).toMatchObject({ result });
  });

  test.each<[string, object, number, string]>([
    ['that is not JSON', { result: '{' }, 422, 'result_invalid'],
    ['that the table would change', { result: '9007199254740993' }, 422, 'result_invalid'],
    ['of 40 levels', { result: `${'['.repeat(40)}${']'.repeat(40)}` }, 422, 'result_invalid'],
    ['with a key that is special in JavaScript', { result: '{"__proto__":1}' }, 422, 'result_invalid'],
    [
      'that is too large for a record',
      { result: JSON.stringify('x'.repeat(33_000)) },
      413,
      'result_too_large',
    ],
    [
      'behind an object that was not written',
      { object: { ...object, name: 'other.json' } },
      422,
      'object_missing',
    ],
    [
      'behind an object of another hash',
      { object: { ...object, sha256: 'a'.repeat(64) } },
      422,
      'object_missing',
    ],
    ['behind an object of another size', { object: { ...object, bytes: 9 } }, 422, 'object_missing'],
    [
      'with an object that was not written',
      { result: '1', objects: [{ ...object, name: 'other.json' }] },
      422,
      'object_missing',
    ],
    [
      'behind an object of another tenant',
      { object: { ...object, name: '../../../globex/r.json' } },
      400,
      'call_invalid',
    ],
  ])('%s is refused, and nothing is committed (M95)', async (_, what, status, code) => {
    const { send, token } = await claimed({}, withObject());
    const before = await jobs.get(JOB_ID);
    expect(await send({ call: 'complete', token, ...what })).toMatchObject({ status, code });
    expect(await jobs.get(JOB_ID)).toEqual(before);
  });
});

describe('a failure', () => {
  test.each([
    ['input_rejected', 'input_rejected'],
    ['try_later', 'try_later'],
    ['budget_used', 'worker:budget_used'],
    ['spot_reclaimed', 'worker:spot_reclaimed'],
    ['platform_unavailable', 'worker:platform_unavailable'],
  ])('of the code %s is shown as %s: no program speaks in the name of the platform', async (code, shown) => {
    const { send, token } = await claimed();
    expect(await send({ call: 'fail', token, code, message: 'It failed.' })).toEqual({ status: 200 });
    expect(await jobs.get(JOB_ID)).toMatchObject({ reportedFailure: { code: shown, message: 'It failed.' } });
  });
});

describe('an answer in lines', () => {
  const forged = { csv: CSV, token: 'FORGED', inputUrl: 'http://169.254.170.2/v2/credentials' };

  test('has one name and value in each, and never a text of a tenant', async () => {
    await given('submitted', {
      input: { ...forged, note: 'a\ntoken=FORGED\ninputUrl=http://169.254.170.2/' },
    });
    const { lines, bucket } = openWorkerApi({ jobs });
    const text = await lines(claimCall);
    const values = Object.fromEntries(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/=(.*)/s)),
    );
    expect(Object.keys(values)).toEqual([
      'status',
      'token',
      'heartbeatSeconds',
      'jobId',
      'attempt',
      'jobType',
      'folder',
      'inputUrl',
    ]);
    expect(text).not.toMatch(/FORGED|169\.254/);
    expect(values['inputUrl']).toMatch(/^https:\/\/bucket\.test\/.*input\.json\?read$/);
    expect(bucket.objects.get(`tenants/acme/results/${JOB_ID}/input.json`)?.toString()).toContain('FORGED');
  });

  test('survives JSON without an escape but that of the line end', async () => {
    const text = JSON.stringify(await given().then(() => openWorkerApi({ jobs }).lines(claimCall)));
    expect(text.replaceAll('\\n', '')).not.toContain('\\');
  });
});

test('an answer never has a key of the stack, and no log line a ticket or a token', async () => {
  const seen: string[] = [];
  const line = (event: string, facts = {}) => void seen.push(`${event} ${JSON.stringify(facts)}`);
  const { send, token } = await claimed({}, { ports: { log: { info: line, error: line } } });
  await send({ call: 'complete', token, result: '1' });
  expect(seen.join()).not.toContain(token);
  expect(seen.join()).not.toContain(ticketFor());
  expect(await testKeys.isGenuine('task', { content: { keyId: 'k1' }, text: token, code: '' })).toBe(false);
});
