/**
 * Sizes and counts that S3 refuses, and the neighbours that it takes.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
 */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setUp } from '../gateway/set-up.ts';

const Bucket = 'files';
let cloud: Awaited<ReturnType<typeof setUp>>;
beforeAll(async () => {
  cloud = await setUp();
  await cloud.s3.send(new CreateBucketCommand({ Bucket }));
  await put('there');
});
afterAll(() => cloud.close());

const put = (Key: string, more: object = {}) =>
  cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }));
const metadata = (bytes: number) => put('described', { Metadata: { note: 'n'.repeat(bytes - 4) } });
const remove = (count: number) =>
  cloud.s3.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: Array.from({ length: count }, (_, n) => ({ Key: String(n) })) },
    }),
  );
const part = async (PartNumber: number) => {
  const { UploadId } = await cloud.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  await cloud.s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber, Body: 'x' }));
};
const list = (ContinuationToken: string) =>
  cloud.s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
const page = (more: object) => cloud.s3.send(new ListObjectsV2Command({ Bucket, ...more }));
const complete = async (Parts: []) => {
  const { UploadId } = await cloud.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
  const MultipartUpload = { Parts };
  await cloud.s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload }),
  );
};
const copy = (more: object) =>
  cloud.s3.send(new CopyObjectCommand({ Bucket, Key: 'there', CopySource: `${Bucket}/there`, ...more }));

test.each<[string, () => Promise<unknown>, string]>([
  ['a key of 1,024 bytes', () => put('é'.repeat(512)), 'taken'],
  ['a key of 1,026 bytes', () => put('é'.repeat(513)), 'KeyTooLongError'],
  [
    'an upload in parts with a key of 1,025 bytes',
    () => cloud.s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k'.repeat(1025) })),
    'KeyTooLongError',
  ],
  ['metadata of 2,048 bytes', () => metadata(2048), 'taken'],
  ['metadata of 2,049 bytes', () => metadata(2049), 'MetadataTooLarge'],
  ['a deletion of 1,000 objects', () => remove(1000), 'taken'],
  ['a deletion of 1,001 objects', () => remove(1001), 'MalformedXML'],
  ['part 1', () => part(1), 'taken'],
  ['part 10,000', () => part(10_000), 'taken'],
  ['part 0', () => part(0), 'InvalidArgument'],
  ['part 10,001', () => part(10_001), 'InvalidArgument'],
  ['a list that goes on at a made-up token', () => list('x!'), 'InvalidArgument'],
  ['a list of -1 objects', () => page({ MaxKeys: -1 }), 'InvalidArgument'],
  ['a list of 2^31 objects', () => page({ MaxKeys: 2 ** 31 }), 'InvalidArgument'],
  ['a list of 5,000 objects', () => page({ MaxKeys: 5000 }), 'taken'],
  ['a list in an unknown encoding', () => page({ EncodingType: 'hex' as 'url' }), 'InvalidArgument'],
  ['a list in percent-encoding', () => page({ EncodingType: 'url' }), 'taken'],
  ['a deletion of nothing', () => remove(0), 'MalformedXML'],
  ['the end of an upload without parts', () => complete([]), 'MalformedXML'],
  ...['xn--a', 'sthree-a', 'amzn-s3-demo-a', 'a-s3alias', 'a--ol-s3', 'a.mrap', 'a--table-s3'].map(
    (name): [string, () => Promise<unknown>, string] => [
      `the bucket ${name}, a reserved name`,
      () => cloud.s3.send(new CreateBucketCommand({ Bucket: name })),
      'InvalidBucketName',
    ],
  ),
  ['a copy with an unknown directive', () => copy({ MetadataDirective: 'MOVE' }), 'InvalidArgument'],
  ['a copy of an object to itself', () => copy({}), 'InvalidRequest'],
  ['a copy to itself with new metadata', () => copy({ MetadataDirective: 'REPLACE' }), 'taken'],
])('%s is taken or refused as in S3', async (_, act, answer) => {
  const name = await act().then(
    () => 'taken',
    (error) => error.name,
  );
  expect(name).toBe(answer);
});

test('a list goes on where its page ended', async () => {
  await put('a');
  await put('b');
  const first = await cloud.s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
  const { Contents } = await list(first.NextContinuationToken ?? '');
  expect([first.Contents?.[0]?.Key, Contents?.[0]?.Key]).toEqual(['a', 'b']);
});
