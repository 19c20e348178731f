/** What AWS Batch answers, and what we take it for. A stub answers in the form of the service. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatchClient } from '@aws-sdk/client-batch';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type BatchPort, batchPort } from '../../io/aws/batch.ts';
import { ownRequest, platform } from '../support/platform-texts.ts';

interface Answer {
  readonly status: number;
  readonly name?: string;
  readonly body: object;
}

let answer: Answer = { status: 200, body: {} };
let calls = 0;
const server = createServer((request, response: ServerResponse) => {
  request.resume().on('end', () => {
    calls++;
    const type = answer.name === undefined ? {} : { 'x-amzn-errortype': answer.name };
    response.writeHead(answer.status, { 'content-type': 'application/json', ...type });
    response.end(JSON.stringify(answer.body));
  });
});
let client: BatchClient;
let port: BatchPort;
beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  client = new BatchClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a TCP server that listens has one
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  port = batchPort(client, client);
});
afterAll(async () => {
  client.destroy();
  await new Promise((closed) => server.close(closed));
});

const request = {
  jobName: 'hg-job-1',
  jobQueue: 'standard',
  jobDefinition: 'small',
  parameters: {},
  containerOverrides: { environment: [{ name: 'HEADGATE_TICKET', value: 'a-ticket' }] },
  timeout: { attemptDurationSeconds: 60 },
  shareIdentifier: 'acme',
  schedulingPriorityOverride: 1,
  tags: {},
  propagateTags: true,
} as const;

test.each(platform)(
  '%s: the job is kept (F71, F72, F73)',
  async (_, { name, status = 400, message }, what) => {
    answer = { status, name, body: { message } };
    expect(await port.submit(request)).toEqual({ kind: 'unavailable', what, reason: `${name}: ${message}` });
  },
);

test.each(ownRequest)('%s is refused: the job has failed (F19)', async (_, { name, message }, cls) => {
  answer = { status: 400, name, body: { message } };
  expect(await port.submit(request)).toMatchObject({
    kind: 'refused',
    failure: { class: cls, reason: message },
  });
});

test.each([
  ['an error of the service', { status: 500, name: 'ServerException', body: { message: 'x' } }, 'unknown'],
  ['an answer that is no JSON', { status: 502, body: {} }, 'unknown'],
  [
    'throttling',
    { status: 429, name: 'TooManyRequestsException', body: { message: 'Too Many Requests' } },
    'not_accepted',
  ],
  ['throttling without a name', { status: 429, body: { message: 'Too Many Requests' } }, 'not_accepted'],
])('%s is no refusal', async (_, given, kind) => {
  answer = given;
  expect(await port.submit(request)).toMatchObject({ kind });
});

test('a SubmitJob is sent once, whatever the answer', async () => {
  answer = { status: 500, name: 'ServerException', body: { message: 'x' } };
  const before = calls;
  await port.submit(request);
  expect(calls - before).toBe(1);
});

test('a queue that was deleted has no Batch job of any name: its jobs ended before it (F71)', async () => {
  answer = { status: 400, name: 'ClientException', body: { message: 'Job queue standard does not exist' } };
  expect(await port.listByName('standard', 'hg-job-1')).toEqual([]);
});

test('a list that is refused for another cause says nothing about a Batch job', async () => {
  answer = { status: 403, name: 'AccessDeniedException', body: { message: 'not authorized' } };
  await expect(port.listByName('standard', 'hg-job-1')).rejects.toThrow('not authorized');
});
