/** A network that swallows: the connection stands, and nothing ever comes back over it. */
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as realPause } from 'node:timers/promises';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import { SUBMIT_TIMEOUT_MS } from '../../domain/batch/submission.ts';
import { batchPort } from '../../io/aws/batch.ts';
import { batch, dynamo, sqs, submittingBatch } from '../../io/aws/clients.ts';

const before = { ...process.env };
/** Of intake and track, in serverless.yml. */
const SHORTEST_FUNCTION_MS = 30_000;
let server: Server;
const sockets: { readonly socket: Socket; said: string }[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    const one = { socket, said: '' };
    sockets.push(one);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      one.said += String(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server that listens has one
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterAll(async () => {
  process.env = before;
  for (const { socket } of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/**
 * The timers of the SDK turned by hand: 20 turns of the real event loop, in which sockets connect and requests arrive, go
 * into each of its seconds. @returns how the calls ended, and after how long by those timers
 */
async function inSdkTime<T>(calls: readonly Promise<T>[]) {
  let settled = false;
  const ends = Promise.allSettled(calls).finally(() => {
    settled = true;
  });
  let elapsedMs = 0;
  for (; !settled; elapsedMs += 50) {
    await realPause(2);
    jest.advanceTimersByTime(50);
  }
  return { ends: await ends, elapsedMs };
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['Date', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const submission: SubmitRequest = {
  jobName: 'hg-job_a-1',
  jobQueue: 'standard',
  jobDefinition: 'small',
  shareIdentifier: 's0',
  timeout: { attemptDurationSeconds: 60 },
  schedulingPriorityOverride: 0,
  propagateTags: true,
  parameters: {},
  containerOverrides: { environment: [] },
  tags: {},
};

test('a SubmitJob that nothing answers is given up, made once, and its outcome unknown (F64)', async () => {
  const { ends, elapsedMs } = await inSdkTime([batchPort(batch(), submittingBatch()).submit(submission)]);
  expect(ends).toEqual([{ status: 'fulfilled', value: { kind: 'unknown', why: 'TimeoutError' } }]);
  expect(sockets.filter(({ said }) => said.includes('/v1/submitjob'))).toHaveLength(1);
  expect(elapsedMs).toBeGreaterThanOrEqual(SUBMIT_TIMEOUT_MS);
  expect(elapsedMs).toBeLessThan(SUBMIT_TIMEOUT_MS + 1000);
});

test('any other call that nothing answers ends too, within the time of a function (F64)', async () => {
  const Key = { pk: 'a', sk: 'b' };
  const { ends, elapsedMs } = await inSdkTime<unknown>([
    batchPort(batch(), submittingBatch()).describe(['a']),
    dynamo().send(new GetCommand({ TableName: 'jobs', Key })),
    sqs().send(new GetQueueAttributesCommand({ QueueUrl: `${process.env['AWS_ENDPOINT_URL']}/0/front` })),
  ]);
  expect(ends.map((end) => end.status === 'rejected' && end.reason.name)).toEqual(
    Array(3).fill('TimeoutError'),
  );
  expect(elapsedMs).toBeLessThan(SHORTEST_FUNCTION_MS);
});
