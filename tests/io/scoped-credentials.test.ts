/** Credentials for one try of a job: what STS is asked for, and what comes of its answer. */
import { CreateBucketCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { lendingCredentials } from '../../io/aws/scoped-credentials.ts';
import { setUp } from '../local/gateway/set-up.ts';
import { FIRST, JOB_ID } from '../support/jobs.ts';

const ROLE = 'arn:aws:iam::000000000000:role/objects';
const job = { tenantId: 'acme', jobId: JOB_ID };
const run = { attempt: 1, runId: FIRST, try: 1 };
let cloud: Awaited<ReturnType<typeof setUp>>;
let client: STSClient;
beforeAll(async () => {
  cloud = await setUp();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new STSClient({ endpoint: cloud.endpoint, region: 'us-east-1', maxAttempts: 1, credentials });
});
afterAll(async () => {
  client.destroy();
  await cloud.close();
});

test('they live for an hour, and a client of S3 takes them', async () => {
  const before = Date.now();
  const lent = await lendingCredentials(client, ROLE, 'arn:aws:s3:::jobs')(job, run);
  expect(lent).toMatchObject({
    accessKeyId: expect.stringMatching(/^ASIA/),
    sessionToken: expect.any(String),
  });
  expect(Math.round((Date.parse(lent.expiresAt) - before) / 60_000)).toBe(60);
  const s3 = new S3Client({
    endpoint: cloud.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: lent,
  });
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'jobs' }));
  const object = { Bucket: 'jobs', Key: 'tenants/acme/a.csv' };
  await s3.send(new PutObjectCommand({ ...object, Body: 'a' }));
  expect(await s3.send(new HeadObjectCommand(object))).toMatchObject({ ContentLength: 1 });
  s3.destroy();
});

test.each<[string, object, RegExp]>([
  ['for longer than a chain of roles lasts', { DurationSeconds: 3601 }, /1 hour/],
  ['with a policy that is no JSON', { Policy: '{' }, /Policy/],
  ['with a policy that is too long', { Policy: JSON.stringify({ Statement: ['x'.repeat(2048)] }) }, /2048/],
  ['under a name with a space', { RoleSessionName: 'a b' }, /RoleSessionName/],
  ['of what is no role', { RoleArn: 'arn:aws:iam::000000000000:user/objects' }, /role/],
])('the laptop refuses them as AWS does: %s', async (_, change, message) => {
  const asked = { RoleArn: ROLE, RoleSessionName: 'name', ...change };
  await expect(client.send(new AssumeRoleCommand(asked))).rejects.toThrow(message);
});
