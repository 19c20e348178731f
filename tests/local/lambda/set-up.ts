/** A real SQS emulator on a free port of 127.0.0.1, bundles in a temporary folder, and a Lambda host over both. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { createClock } from '../../../local/clock.ts';
import { createLambdaHost, type LambdaFunction, type QueueMapping } from '../../../local/lambda/host.ts';
import { sdkQueues } from './sdk-queues.ts';

/** More than a mapping of these tests allows, whatever machine they run on. */
export const SPARE = { sandboxes: 8, idleLimitMs: 60_000 };

export async function setUp(spare = SPARE) {
  const closers: (() => unknown)[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'lambda-host-'));
  closers.push(() => rm(folder, { recursive: true }));
  const clock = createClock();
  closers.push(() => clock.release());
  const queues = await startQueues();
  closers.push(queues.close);

  const lines: string[] = [];
  const logged: { group: string; stream: string; line: string }[] = [];
  const printed: { functionName: string; line: string; running: number }[] = [];
  const host = createLambdaHost({
    endpoint: queues.endpoint,
    region: 'us-east-1',
    queues: sdkQueues(queues.client),
    clock,
    spare,
    report: (line) => lines.push(line),
    log: (group, stream, line) => logged.push({ group, stream, line }),
    output: (functionName, line) => printed.push({ functionName, line, running: host.activity().running }),
  });
  closers.push(() => host.close());

  /** @param body the source of an ES module that exports `handler` */
  async function define(name: string, body: string, more: Partial<LambdaFunction> = {}): Promise<void> {
    const bundle = join(folder, `${name}.mjs`);
    await writeFile(bundle, body);
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    host.define({
      name,
      arn,
      bundle,
      exportName: 'handler',
      timeoutSeconds: 30,
      memoryMiB: 128,
      environment: {},
      ...more,
    });
  }

  /** A queue whose messages become visible again after 30 s of the clock, mapped to the function of that name. */
  async function mapQueue(functionName: string, more: Partial<QueueMapping> = {}) {
    const queue = await queues.create(functionName);
    host.map({
      functionName,
      queueUrl: queue.url,
      queueArn: queue.arn,
      batchSize: 10,
      windowSeconds: 0,
      reportBatchItemFailures: true,
      maximumConcurrency: 2,
      ...more,
    });
    return queue;
  }

  async function close(): Promise<void> {
    for (const closer of closers.splice(0).reverse()) await closer();
  }
  return { clock, close, define, folder, host, lines, logged, mapQueue, printed, queues };
}

export interface Queue {
  readonly url: string;
  readonly arn: string;
  send(...bodies: string[]): Promise<void>;
  /** Visible messages, and messages in flight. */
  depth(): Promise<{ visible: number; held: number }>;
}

async function startQueues() {
  // fauxqs hides its stores, and the host of its queue URLs can be set nowhere else: '' takes the request's own host.
  const hidden = (path: string) => import(new URL(path, import.meta.resolve('fauxqs')).href);
  const [{ SqsStore }, { SnsStore }, { S3Store }] = await Promise.all(
    ['sqs/sqsStore.js', 'sns/snsStore.js', 's3/s3Store.js'].map(hidden),
  );
  const sqsStore = Object.assign(new SqsStore(), { host: '' });
  const app = buildApp({
    logger: false,
    stores: { sqsStore, snsStore: new SnsStore(), s3Store: new S3Store() },
  });
  await app.ready();

  let server = await listen(app.routing, 0);
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  const { port } = address;
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint, region: 'us-east-1', credentials });

  async function create(name: string, attributes: Record<string, string> = {}): Promise<Queue> {
    const Attributes = { VisibilityTimeout: '30', ...attributes };
    const { QueueUrl: url = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return {
      url,
      arn: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      async send(...bodies) {
        for (let from = 0; from < bodies.length; from += 10) {
          const Entries = bodies
            .slice(from, from + 10)
            .map((MessageBody, index) => ({ Id: `${index}`, MessageBody }));
          await client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
        }
      },
      async depth() {
        const request = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
        const { Attributes: found = {} } = await client.send(request);
        return {
          visible: Number(found['ApproximateNumberOfMessages']),
          held: Number(found['ApproximateNumberOfMessagesNotVisible']),
        };
      },
    };
  }

  async function goAway(): Promise<void> {
    // A long poll whose caller is gone would otherwise still take a message, which would then be hidden.
    sqsStore.shutdown();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return {
    client,
    create,
    endpoint,
    goAway,
    /** Answers every call with 500, and counts them. */
    async comeBackBroken() {
      const calls = { refused: 0 };
      server = await listen((_request, response) => {
        calls.refused += 1;
        response.writeHead(500).end();
      }, port);
      return calls;
    },
    async comeBack() {
      if (server.listening) await goAway();
      server = await listen(app.routing, port);
    },
    async close() {
      client.destroy();
      if (server.listening) await goAway();
      await app.close();
    },
  };
}

async function listen(listener: RequestListener, port: number): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

/** Waits for something another process or the queue does; the bound is for a machine that is busy. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + 45_000;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`never happened: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
