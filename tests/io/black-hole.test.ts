/** A network that swallows: the connection stands, and nothing ever comes back over it. */
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SubmitRequest } from '../../domain/batch/submission.ts';
import { batchPort } from '../../io/batch.ts';
import { batch, dynamo, sqs, submittingBatch } from '../../io/clients.ts';

const PATIENCE_MS = 60_000;
const before = { ...process.env };
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

const submission: SubmitRequest = {
  jobName: 'hg-job_a-1',
  jobQueue: 'standard',
  jobDefinition: 'small',
  shareIdentifier: 's0',
  timeout: { attemptDurationSeconds: 60 },
  schedulingPriorityOverride: 0,
  propagateTags: true,
  parameters: {},
  tags: {},
};

test(
  'a SubmitJob that nothing answers is given up, made once, and its outcome unknown (F64)',
  async () => {
    const outcome = await batchPort(batch(), submittingBatch()).submit(submission);
    expect(outcome).toEqual({ kind: 'unknown', why: 'TimeoutError' });
    expect(sockets.filter(({ said }) => said.includes('/v1/submitjob'))).toHaveLength(1);
  },
  PATIENCE_MS,
);

test(
  'any other call that nothing answers ends too, within the time of a function (F64)',
  async () => {
    const Key = { pk: 'a', sk: 'b' };
    const calls = [
      batchPort(batch(), submittingBatch()).describe(['a']),
      dynamo().send(new GetCommand({ TableName: 'jobs', Key })),
      sqs().send(new GetQueueAttributesCommand({ QueueUrl: `${process.env['AWS_ENDPOINT_URL']}/0/front` })),
    ];
    const ends = await Promise.allSettled(calls);
    expect(ends.map((end) => end.status === 'rejected' && end.reason.name)).toEqual(
      Array(3).fill('TimeoutError'),
    );
  },
  PATIENCE_MS,
);
