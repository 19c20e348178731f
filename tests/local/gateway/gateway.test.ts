import { connect } from 'node:net';
import { DescribeJobQueuesCommand } from '@aws-sdk/client-batch';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ListQueuesCommand } from '@aws-sdk/client-sqs';
import { afterEach, expect, test } from '@jest/globals';
import { ApiError, type ApiRequest, type ApiResponse } from '../../../local/aws.ts';
import type { Service } from '../../../local/gateway.ts';
import { setUp, signature } from './set-up.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function started(services: Record<string, Service> = {}) {
  const cloud = await setUp({ services });
  closers.push(cloud.close);
  return cloud;
}

const batchThat = (handle: (request: ApiRequest) => Promise<ApiResponse>): Service => ({
  protocol: 'rest-json',
  handle,
});

test('one address serves queues, tables and objects to unmodified SDK clients', async () => {
  const { sqs, dynamodb, s3, endpoint } = await started();
  await sqs.send(new CreateQueueCommand({ QueueName: 'work' }));
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  await s3.send(new PutObjectCommand({ Bucket: 'files', Key: 'a/ü.txt', Body: 'hello' }));
  const object = await s3.send(new GetObjectCommand({ Bucket: 'files', Key: 'a/ü.txt' }));

  expect((await sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([`${endpoint}/000000000000/work`]);
  expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  expect(await object.Body?.transformToString()).toBe('hello');
});

test('a presigned request is told by its query, in the older form as well', async () => {
  const { s3, endpoint } = await started();
  await s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  await s3.send(new PutObjectCommand({ Bucket: 'files', Key: 'a.txt', Body: 'hello' }));
  const credential = encodeURIComponent('test/20260101/us-east-1/s3/aws4_request');
  const answers = await Promise.all(
    [`X-Amz-Credential=${credential}`, 'AWSAccessKeyId=test&Signature=0&Expires=9'].map(async (query) =>
      (await fetch(`${endpoint}/files/a.txt?${query}`)).text(),
    ),
  );
  expect(answers).toEqual(['hello', 'hello']);
});

test('pages of a program are below their path, and a bucket may still have its name', async () => {
  const cloud = await setUp({ pages: { prefix: '/files/', serve: (_, response) => response.end('a page') } });
  closers.push(cloud.close);
  await cloud.s3.send(new CreateBucketCommand({ Bucket: 'files' }));
  await cloud.s3.send(new PutObjectCommand({ Bucket: 'files', Key: 'a.txt', Body: 'hello' }));
  const object = await cloud.s3.send(new GetObjectCommand({ Bucket: 'files', Key: 'a.txt' }));
  expect(await object.Body?.transformToString()).toBe('hello');
  expect(await (await fetch(`${cloud.endpoint}/files/a.txt`)).text()).toBe('a page');
});

test('a caller can ask who it is', async () => {
  const { fetch } = await started();
  const answer = await fetch('sts', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  expect(await answer.text()).toContain('<Account>000000000000</Account>');
});

test('a service that is not here is refused by name, with those that are', async () => {
  const { batch, fetch } = await started();
  const sentence = 'The embedded cloud does not have batch; it has dynamodb, s3, sqs, sts.';
  await expect(batch.send(new DescribeJobQueuesCommand({}))).rejects.toMatchObject({
    name: 'UnknownService',
    message: sentence,
  });
  expect(await (await fetch('constructor')).json()).toMatchObject({ __type: 'UnknownService' });
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const xml = await (await fetch('sns', { headers: form, body: 'Action=ListTopics' })).text();
  expect(xml).toContain('<Code>UnknownService</Code><Message>The embedded cloud does not have sns;');
});

test('an unsigned request is told what this address is', async () => {
  const { endpoint } = await started();
  const answer = await fetch(endpoint);
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ message: expect.stringContaining('signed AWS requests') });
});

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['a word', '"a"'],
])('a body that is %s is refused, not crashed over', async (_, body) => {
  const { fetch, reported } = await started();
  const answer = await fetch('dynamodb', { body });
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { __type: 'SerializationException', message: 'The body is not a JSON object.' },
  ]);
  expect(reported).toEqual([]);
});

test('a body over the limit is refused', async () => {
  const { endpoint } = await started();
  const { hostname, port } = new URL(endpoint);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', reject);
    socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: ${signature('sqs')}\r\n`);
    const body = Buffer.alloc(17 * 1024 * 1024);
    socket.write(`content-length: ${body.length}\r\n\r\n`);
    socket.write(body);
    closers.push(async () => void socket.destroy());
  });
  expect(answer).toMatch(/^HTTP\/1\.1 413 .*RequestEntityTooLarge/s);
});

test('a service gets its call parsed: path, query and body', async () => {
  const seen: ApiRequest[] = [];
  const { fetch } = await started({
    batch: batchThat(async (request) => {
      seen.push(request);
      return { status: 200, body: undefined };
    }),
  });
  await fetch('batch', { path: '/v1/tags/arn%3Aaws?tagKeys=a&tagKeys=b', method: 'DELETE' });
  await fetch('batch', { path: '/v1/submitjob', body: '{"jobName":"x"}' });
  expect(seen).toMatchObject([
    { method: 'DELETE', path: '/v1/tags/arn%3Aaws', body: { tagKeys: ['a', 'b'] } },
    { method: 'POST', path: '/v1/submitjob', body: { jobName: 'x' } },
  ]);
});

test('a refusal becomes the exception class of the client, in the REST protocol', async () => {
  const { batch } = await started({
    batch: batchThat(async () => {
      throw new ApiError('ClientException', 'no such queue');
    }),
  });
  const refused = await batch.send(new DescribeJobQueuesCommand({})).catch((error) => error);
  expect(refused).toMatchObject({ name: 'ClientException', message: 'no such queue', $fault: 'client' });
  expect(refused.constructor.name).toBe('ClientException');
});

test('a refusal keeps its name and status in the JSON protocols', async () => {
  const { fetch } = await started({
    events: {
      protocol: 'json',
      handle: async () => {
        throw new ApiError('ThrottlingException', 'slow down', 429);
      },
    },
  });
  const answer = await fetch('events', { headers: { 'content-type': 'application/x-amz-json-1.1' } });
  expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1');
  expect([answer.status, await answer.json()]).toEqual([
    429,
    { __type: 'ThrottlingException', message: 'slow down' },
  ]);
});

test('a fault of our own answers 500 without its details, which are reported', async () => {
  const { fetch, reported } = await started({
    batch: batchThat(async () => {
      throw new Error('secret detail');
    }),
  });
  const answer = await fetch('batch');
  expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([500, 'InternalFailure']);
  expect(await answer.text()).not.toContain('secret detail');
  expect(reported.join()).toContain('secret detail');
});

test('a lost reply leaves the caller without any answer', async () => {
  const { batch } = await started({
    batch: batchThat(async () => ({ status: 200, body: {}, lost: true })),
  });
  await expect(batch.send(new DescribeJobQueuesCommand({}))).rejects.toThrow('socket hang up');
});

test('a client that hangs up in the middle of a request disturbs no one', async () => {
  const { endpoint, dynamodb, reported } = await started();
  const { hostname, port } = new URL(endpoint);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(`POST / HTTP/1.1\r\nhost: localhost\r\nauthorization: ${signature('dynamodb')}\r\n`);
      socket.write('content-length: 100\r\n\r\n{', () => socket.resetAndDestroy());
    });
    socket.once('close', () => resolve());
    socket.once('error', reject);
  });
  expect((await dynamodb.send(new ListTablesCommand({}))).TableNames).toEqual([]);
  expect(reported).toEqual([]);
});

test('a port that is taken is said in a sentence', async () => {
  const { endpoint } = await started();
  const port = Number(new URL(endpoint).port);
  await expect(setUp({ port })).rejects.toMatchObject({
    code: 'EADDRINUSE',
    message: expect.stringContaining(`port ${port} is taken`),
  });
});
