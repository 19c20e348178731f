/** The objects that have the items of arrays: their lines are counted once, and read by their places from that very object. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { itemObjects } from '../../io/aws/item-objects.ts';
import { setUp } from '../local/gateway/set-up.ts';

const BUCKET = 'headgate-jobs';
const KEY = 'tenants/acme/inputs/größe 1.jsonl';
const URI = `s3://${BUCKET}/${KEY}`;
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeAll(async () => {
  cloud = await setUp();
  await cloud.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
});
afterAll(() => cloud.close());

const put = (Body: string) => cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: KEY, Body }));
const linesOf = (count: number) => Array.from({ length: count }, (_, place) => `{"é":${place}}`);

test('each slice has its lines, in their order, to the last one without a line feed', async () => {
  const objects = itemObjects(cloud.s3);
  const all = linesOf(250);
  await put(all.join('\n'));
  const found = await objects.count(URI, 10_000);
  expect(found?.items).toBe(250);
  if (found === undefined) return;
  for (const from of [0, 100, 200])
    expect(await objects.lines(URI, found.lines, from)).toEqual(all.slice(from, from + 100));
  expect(await objects.lines(URI, found.lines, 300)).toEqual([]);
});

test('no more lines are counted than one too many', async () => {
  await put(linesOf(500).join('\n'));
  expect((await itemObjects(cloud.s3).count(URI, 20))?.items).toBe(21);
});

test('an object of no bytes has no line', async () => {
  await put('');
  expect((await itemObjects(cloud.s3).count(URI, 20))?.items).toBe(0);
});

test('one that was replaced or removed since it was counted is not there any more', async () => {
  const objects = itemObjects(cloud.s3);
  await put(linesOf(3).join('\n'));
  const found = await objects.count(URI, 20);
  if (found === undefined) throw new Error('it is there');
  await put(linesOf(3).toReversed().join('\n'));
  expect(await objects.lines(URI, found.lines, 0)).toBeUndefined();
  await cloud.s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: KEY }));
  expect(await objects.lines(URI, found.lines, 0)).toBeUndefined();
  expect(await objects.count(URI, 20)).toBeUndefined();
});

/** S3 as it answers with this status. */
function answering(httpStatusCode: number) {
  const client = cloud.s3;
  const send = async () => {
    const $metadata = { httpStatusCode };
    throw new S3ServiceException({ name: 'Answer', $fault: 'client', $metadata });
  };
  return itemObjects(Object.assign(Object.create(client), { send }));
}

test.each([403, 404, 412])('%d of S3 is an object that is not there', async (status) => {
  expect(await answering(status).count(URI, 20)).toBeUndefined();
});

test.each([400, 409, 429, 500, 503])(
  '%d of S3 says nothing of the object: the step comes back',
  async (status) => {
    await expect(answering(status).count(URI, 20)).rejects.toThrow(S3ServiceException);
    const lines = { etag: '"e"', slice: 100, places: [0, 5] };
    await expect(answering(status).lines(URI, lines, 0)).rejects.toThrow(S3ServiceException);
  },
);
