/**
 * What S3 promises for a write, and what is refused by its name because it is not here.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html
 */
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { crc32 } from 'node:zlib';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { crc32c, crc64Nvme } from '../../../local/s3/crc.ts';
import { inFolder, setUp, signature } from '../gateway/set-up.ts';

let cloud: Awaited<ReturnType<typeof setUp>>;
beforeAll(async () => {
  cloud = await setUp();
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'files' }));
});
afterAll(() => cloud.close());

const Bucket = 'files';
const put = (Key: string, more: object = {}) =>
  cloud.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'first', ...more }));
const content = async (Key: string) => {
  const { Body } = await cloud.s3.send(new GetObjectCommand({ Bucket, Key }));
  return await Body?.transformToString();
};
/** The exact request, for clients that write it otherwise than the SDK for JavaScript does. */
const send = (path: string, headers: Record<string, string>, body?: string | Buffer, method = 'PUT') =>
  cloud.fetch('s3', {
    path: `/files/${path}`,
    method,
    headers,
    ...(method === 'PUT' && { body: body ?? '' }),
  });
const answer = async (response: Response) => [
  response.status,
  /<Code>(.*)<\/Code>/.exec(await response.text())?.[1],
];

test('an object of 12 MiB is stored as it is', async () => {
  const Body = Buffer.alloc(12 * 1024 * 1024, 'headgate');
  await put('large', { Body });
  const { Body: kept } = await cloud.s3.send(new GetObjectCommand({ Bucket, Key: 'large' }));
  const sha = (bytes: Uint8Array | undefined) =>
    createHash('sha256')
      .update(bytes ?? '')
      .digest('hex');
  expect(sha(await kept?.transformToByteArray())).toBe(sha(Body));
});

test('an object over 5 GiB is refused before its body is read', async () => {
  const { hostname, port } = new URL(cloud.endpoint);
  const refusal = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', reject);
    socket.once('data', (data) => {
      resolve(String(data));
      socket.destroy();
    });
    socket.write(
      `PUT /files/huge HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: ${signature('s3')}\r\n`,
    );
    socket.write(`content-type: text/csv\r\ncontent-length: ${5 * 1024 ** 3 + 1}\r\n\r\n`);
  });
  expect(refusal).toMatch(/^HTTP\/1\.1 400 .*<Code>EntityTooLarge<\/Code>/s);
});

/** boto3 sends the first for `Body=b''`, the second when it was given a stream. */
test.each([
  ['without a content type', {}, ''],
  [
    'framed as aws-chunked',
    { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '0' },
    '0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n',
  ],
])('an empty object %s is an object', async (_, headers, body) => {
  expect((await send('empty', headers, body)).status).toBe(200);
  const { ContentLength } = await cloud.s3.send(new HeadObjectCommand({ Bucket, Key: 'empty' }));
  expect([ContentLength, await content('empty')]).toEqual([0, '']);
});

test('an empty object is still there after a restart', () =>
  inFolder(async (directory) => {
    const first = await setUp({ directory });
    await first.s3.send(new CreateBucketCommand({ Bucket }));
    await first.s3.send(new PutObjectCommand({ Bucket, Key: 'empty', Body: Buffer.alloc(0) }));
    await first.close();
    const second = await setUp({ directory });
    const { Body } = await second.s3.send(new GetObjectCommand({ Bucket, Key: 'empty' }));
    expect(await Body?.transformToString()).toBe('');
    await second.close();
  }));

test.each([
  'application/x-www-form-urlencoded',
  'application/json',
  'application/x-amz-json-1.0',
  'text/plain',
])('an object of the type %s keeps its bytes', async (ContentType) => {
  await put('typed', { Body: 'a=1&b={', ContentType });
  expect(await content('typed')).toBe('a=1&b={');
});

test('a chunked body that is compressed keeps its own encoding', async () => {
  const headers = { 'content-encoding': 'gzip,aws-chunked', 'x-amz-decoded-content-length': '5' };
  await send('zipped', headers, '5\r\nbytes\r\n0\r\n\r\n');
  const { ContentEncoding } = await cloud.s3.send(new HeadObjectCommand({ Bucket, Key: 'zipped' }));
  expect(ContentEncoding).toBe('gzip');
});

test('a body that breaks off is no object', async () => {
  const headers = { 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '50' };
  expect(await answer(await send('cut', headers, '5\r\nbytes\r\n0\r\n\r\n'))).toEqual([
    400,
    'IncompleteBody',
  ]);
  await expect(content('cut')).rejects.toMatchObject({ name: 'NoSuchKey' });
});

const ETAG = `"${createHash('md5').update('first').digest('hex')}"`;
const put2 = (condition: object) => (Key: string) => put(Key, { Body: 'second', ...condition });
const remove = (condition: object) => (Key: string) =>
  cloud.s3.send(new DeleteObjectCommand({ Bucket, Key, ...condition }));
const copy = (condition: object) => (Key: string) =>
  cloud.s3.send(
    new CopyObjectCommand({ Bucket, Key: 'copied', CopySource: `${Bucket}/${Key}`, ...condition }),
  );
const long = { past: new Date('2020-01-01'), future: new Date('2100-01-01') };

test.each([
  ['PutObject If-None-Match: *', put2({ IfNoneMatch: '*' }), 412, 200],
  ['PutObject If-Match with its ETag', put2({ IfMatch: ETAG }), 200, 404],
  ['PutObject If-Match with its ETag, unquoted', put2({ IfMatch: ETAG.slice(1, -1) }), 200, 404],
  ['PutObject If-Match with another ETag', put2({ IfMatch: '"no"' }), 412, 404],
  ['PutObject If-None-Match with an ETag', put2({ IfNoneMatch: ETAG }), 501, 501],
  ['DeleteObject If-Match with its ETag', remove({ IfMatch: ETAG }), 204, 404],
  ['DeleteObject If-Match: *', remove({ IfMatch: '*' }), 204, 404],
  ['DeleteObject If-Match with another ETag', remove({ IfMatch: '"no"' }), 412, 404],
  ['CopyObject of its ETag', copy({ CopySourceIfMatch: ETAG }), 200, 404],
  ['CopyObject of another ETag', copy({ CopySourceIfMatch: '"no"' }), 412, 404],
  ['CopyObject of all but its ETag', copy({ CopySourceIfNoneMatch: ETAG }), 412, 404],
  ['CopyObject if modified since long ago', copy({ CopySourceIfModifiedSince: long.past }), 200, 404],
  ['CopyObject if modified since the future', copy({ CopySourceIfModifiedSince: long.future }), 412, 404],
  ['CopyObject if unmodified since long ago', copy({ CopySourceIfUnmodifiedSince: long.past }), 412, 404],
  ['CopyObject if unmodified since the future', copy({ CopySourceIfUnmodifiedSince: long.future }), 200, 404],
])('%s answers as S3 does, for an object and for none', async (_, act, forObject, forNone) => {
  const statusOf = (key: string) =>
    act(key).then(
      ({ $metadata }) => $metadata.httpStatusCode,
      (error) => error.$metadata.httpStatusCode,
    );
  await put('there');
  await remove({})('not-there');
  expect([await statusOf('there'), await statusOf('not-there')]).toEqual([forObject, forNone]);
});

test.each<[string, object, number]>([
  ['If-Match with its ETag', { IfMatch: ETAG }, 200],
  ['If-Match with another ETag', { IfMatch: '"no"' }, 412],
  ['If-None-Match with its ETag', { IfNoneMatch: ETAG }, 304],
  ['If-None-Match with another ETag', { IfNoneMatch: '"no"' }, 200],
  ['if modified since the future', { IfModifiedSince: long.future }, 304],
  ['if modified since long ago', { IfModifiedSince: long.past }, 200],
  ['if unmodified since long ago', { IfUnmodifiedSince: long.past }, 412],
  ['its ETag, though it was modified', { IfMatch: ETAG, IfUnmodifiedSince: long.past }, 200],
  ['another ETag, though it was not modified', { IfNoneMatch: '"no"', IfModifiedSince: long.future }, 200],
])('a read %s is answered alike by GetObject and HeadObject', async (_, condition, status) => {
  await put('read');
  const asked = { Bucket, Key: 'read', ...condition };
  const statuses = [new GetObjectCommand(asked), new HeadObjectCommand(asked)].map((command) =>
    cloud.s3.send(command).then(
      ({ $metadata }) => $metadata.httpStatusCode,
      (error) => error.$metadata.httpStatusCode,
    ),
  );
  expect(await Promise.all(statuses)).toEqual([status, status]);
});

test.each([
  ['bytes=1-2', 206, 'ir'],
  ['bytes=-2', 206, 'st'],
  ['bytes=9-', 416, undefined],
  ['bytes=2-1', 200, 'first'],
  ['bytes=0-0,2-2', 200, 'first'],
  ['lines=1-2', 200, 'first'],
])('the range %s has the answer %s', async (range, status, text) => {
  await put('ranged');
  const response = await send('ranged', { range }, undefined, 'GET');
  expect(response.status).toBe(status);
  if (text !== undefined) expect(await response.text()).toBe(text);
});

test('a refused write leaves the object as it was', async () => {
  await put('kept');
  await expect(put('kept', { Body: 'second', IfNoneMatch: '*' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  expect(await content('kept')).toBe('first');
});

test('of many writers of one key with If-None-Match: *, one writes', async () => {
  const writers = Array.from({ length: 20 }, (_, i) => put('once', { Body: String(i), IfNoneMatch: '*' }));
  const ends = await Promise.allSettled(writers);
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

const hex = (bytes: Buffer) => bytes.toString('hex');

test('the CRCs give the check values of their catalogue', () => {
  const digits = Buffer.from('123456789');
  // @see https://reveng.sourceforge.io/crc-catalogue: CRC-32/ISCSI and CRC-64/NVME
  expect([hex(crc32c(digits)), hex(crc64Nvme(digits))]).toEqual(['e3069283', 'ae8b14860a799888']);
});

test.each(['ChecksumCRC32', 'ChecksumCRC32C', 'ChecksumCRC64NVME', 'ChecksumSHA1', 'ChecksumSHA256'])(
  'a wrong %s is refused, and the right one is not',
  async (name) => {
    const header = `x-amz-${name.replace('Checksum', 'checksum-').toLowerCase()}`;
    const right: Record<string, Buffer> = {
      ChecksumCRC32: Buffer.from(crc32('first').toString(16).padStart(8, '0'), 'hex'),
      ChecksumCRC32C: crc32c(Buffer.from('first')),
      ChecksumCRC64NVME: crc64Nvme(Buffer.from('first')),
      ChecksumSHA1: createHash('sha1').update('first').digest(),
      ChecksumSHA256: createHash('sha256').update('first').digest(),
    };
    const sum = right[name]?.toString('base64') ?? '';
    const wrong = Buffer.alloc(right[name]?.length ?? 0).toString('base64');
    const status = async (value: string) => await answer(await send('summed', { [header]: value }, 'first'));
    expect(await status(sum)).toEqual([200, undefined]);
    expect(await status(wrong)).toEqual([400, 'BadDigest']);
    expect(await status('short')).toEqual([400, 'InvalidRequest']);
  },
);

test.each([
  ['a wrong Content-MD5', { 'content-md5': Buffer.alloc(16).toString('base64') }, 'BadDigest'],
  ['a Content-MD5 that is not a digest', { 'content-md5': 'x' }, 'InvalidDigest'],
  [
    'a second checksum',
    { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-checksum-crc32c': 'AAAAAA==' },
    'InvalidRequest',
  ],
])('%s is refused', async (_, headers, code) => {
  expect(await answer(await send('summed', headers, 'first'))).toEqual([400, code]);
});

test('a wrong checksum in the trailer is refused', async () => {
  const headers = { 'content-encoding': 'aws-chunked', 'x-amz-trailer': 'x-amz-checksum-crc32' };
  const framed = '5\r\nfirst\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
  expect(await answer(await send('trailed', headers, framed))).toEqual([400, 'BadDigest']);
});

const Key = 'feature';
const on = { VersioningConfiguration: { Status: 'Enabled' as const } };
test.each([
  ['keeping versions', () => cloud.s3.send(new PutBucketVersioningCommand({ Bucket, ...on })), '?versioning'],
  [
    'reading whether there are versions',
    () => cloud.s3.send(new GetBucketVersioningCommand({ Bucket })),
    '?versioning',
  ],
  [
    'tags',
    () => cloud.s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [] } })),
    '?tagging',
  ],
  ['reading tags', () => cloud.s3.send(new GetObjectTaggingCommand({ Bucket, Key })), '?tagging'],
  ['tagging a new object', () => put(Key, { Tagging: 'a=b' }), 'x-amz-tagging'],
  ['setting an ACL', () => put(Key, { ACL: 'public-read' }), 'x-amz-acl: public-read'],
  ['locking an object', () => put(Key, { ObjectLockLegalHoldStatus: 'ON' }), 'x-amz-object-lock-legal-hold'],
  ['another storage class', () => put(Key, { StorageClass: 'GLACIER' }), 'x-amz-storage-class: GLACIER'],
  [
    'encrypting with a key of KMS',
    () => put(Key, { ServerSideEncryption: 'aws:kms' }),
    'x-amz-server-side-encryption',
  ],
  ['appending to an object', () => put(Key, { WriteOffsetBytes: 5 }), 'x-amz-write-offset-bytes'],
  [
    'reading a version',
    () => cloud.s3.send(new GetObjectCommand({ Bucket, Key, VersionId: 'x' })),
    '?versionId',
  ],
  [
    'listing the parts of an upload',
    () => cloud.s3.send(new ListPartsCommand({ Bucket, Key, UploadId: 'x' })),
    '?uploadId',
  ],
  [
    'deleting many objects conditionally',
    () => cloud.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, ETag: ETAG }] } })),
    'DeleteObjects with a condition',
  ],
])('%s is refused by its name, and nothing is changed', async (_, act, name) => {
  await put(Key);
  await expect(act()).rejects.toMatchObject({
    name: 'NotImplemented',
    message: expect.stringContaining(`not implemented here: ${name}`),
  });
  expect(await content(Key)).toBe('first');
});

test('what is the default anyway is taken', async () => {
  await put(Key, { ACL: 'private', StorageClass: 'STANDARD', ServerSideEncryption: 'AES256' });
  await cloud.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  expect(await content(Key)).toBe('first');
});

test('a presigned URL may name the file that a browser saves, and carry metadata', async () => {
  const credential = `X-Amz-Credential=${encodeURIComponent('test/20260101/us-east-1/s3/aws4_request')}`;
  await fetch(`${cloud.endpoint}/files/signed?${credential}&x-amz-meta-owner=acme`, {
    method: 'PUT',
    body: 'x',
  });
  const named = encodeURIComponent('attachment; filename="r.csv"');
  const saved = await fetch(
    `${cloud.endpoint}/files/signed?${credential}&response-content-disposition=${named}`,
  );
  const header = (name: string) => saved.headers.get(name);
  expect([header('content-disposition'), header('x-amz-meta-owner')]).toEqual([
    'attachment; filename="r.csv"',
    'acme',
  ]);
});
