/** URLs for containers: each for one object, and to write for its very bytes and once. */
import { hash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ObjectUri } from '../../domain/job/ids.ts';
import { type SignedObjects, signedObjects } from '../../io/aws/signed-objects.ts';
import { httpTransfer, ObjectMissing } from '../../worker/transfer.ts';
import { setUp } from '../local/gateway/set-up.ts';

const BUCKET = 'headgate-jobs';
const signal = new AbortController().signal;
const transfer = httpTransfer(async () => undefined);
let cloud: Awaited<ReturnType<typeof setUp>>;
let objects: SignedObjects;
beforeAll(async () => {
  cloud = await setUp();
  await cloud.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  objects = signedObjects(cloud.s3, BUCKET);
});
afterAll(() => cloud.close());

const content = '{"rows":2}';
const facts = { bytes: content.length, sha256: hash('sha256', content), contentType: 'application/json' };
const upload = async (key: string, given = facts) => ({
  name: 'r',
  uri: '',
  ...(await objects.writeUrl(key, given)),
});

describe('a URL to read', () => {
  test.each([
    ['spaces', 'Q1 report.csv'],
    ['a percent sign', '100%20.csv'],
    ['marks of an address', 'a?b#c+d&e=f.csv'],
    ['quotation marks', `"it's".csv`],
    ['letters of any language', 'größe 寸法.csv'],
    ['empty parts', 'a//b.csv'],
  ])('is made for a key with %s, which is sent as it is (M90)', async (_, name) => {
    const Key = `tenants/acme/inputs/${name}`;
    expect(ObjectUri.safeParse(`s3://${BUCKET}/${Key}`).success).toBe(true);
    await cloud.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: name }));
    const url = await objects.readUrl(Key);
    expect(url).not.toMatch(/["'\\\s]/);
    expect(await text(await transfer.get(url, signal))).toBe(name);
  });

  test('shows nothing in a browser, and ends after a quarter of an hour', async () => {
    const { searchParams } = new URL(await objects.readUrl('tenants/acme/a.html'));
    expect(searchParams.get('response-content-disposition')).toBe('attachment');
    expect(searchParams.get('X-Amz-Expires')).toBe('900');
  });

  test('of no object says so', async () => {
    await expect(transfer.get(await objects.readUrl('tenants/acme/none'), signal)).rejects.toThrow(
      ObjectMissing,
    );
  });
});

describe('a URL to write', () => {
  test('covers length, type, hash and the condition that there is no such object', async () => {
    const { url, headers } = await upload('tenants/acme/results/covered');
    const signed = new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';');
    expect(signed).toEqual([
      'content-length',
      'content-type',
      'host',
      'if-none-match',
      'x-amz-checksum-sha256',
    ]);
    expect(headers).toEqual({
      'content-type': 'application/json',
      'if-none-match': '*',
      'x-amz-checksum-sha256': Buffer.from(facts.sha256, 'hex').toString('base64'),
    });
  });

  test('writes its object, whose bytes are then known', async () => {
    const key = 'tenants/acme/results/written';
    await transfer.put(await upload(key), content);
    expect(await objects.has(key, facts)).toBe(true);
    expect(await objects.has(key, { ...facts, bytes: 1 })).toBe(false);
    expect(await objects.has(key, { ...facts, sha256: 'a'.repeat(64) })).toBe(false);
    expect(await objects.has(`${key}-not`, facts)).toBe(false);
    expect(await objects.text(key)).toBe(content);
  });

  test('refuses other bytes than those that were named', async () => {
    const key = 'tenants/acme/results/other';
    await expect(transfer.put(await upload(key), '{"rows":3}')).rejects.toThrow('S3 answered 400');
    expect(await objects.has(key, facts)).toBe(false);
  });

  test('never replaces an object: a second write changes nothing', async () => {
    const key = 'tenants/acme/results/once';
    await transfer.put(await upload(key), content);
    const other = '{"rows":9}';
    await transfer.put(await upload(key, { ...facts, sha256: hash('sha256', other) }), other);
    expect(await objects.text(key)).toBe(content);
  });
});

test('an input is written once, however often it is asked for', async () => {
  const key = 'tenants/acme/results/input.json';
  await objects.putOnce(key, content, 'application/json');
  await objects.putOnce(key, content, 'application/json');
  expect(await objects.text(key)).toBe(content);
});
