/** Lambda with its API behind a gateway, functions in a temporary folder, and queues and buses that note what they get. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LambdaClient } from '@aws-sdk/client-lambda';
import type { AwsEvent } from '../../../local/aws.ts';
import { createClock } from '../../../local/clock.ts';
import { startGateway } from '../../../local/gateway.ts';
import type { LambdaFunction } from '../../../local/lambda/host.ts';
import { createLambda } from '../../../local/lambda/lambda.ts';
import { SPARE } from './set-up.ts';

export const REGION = 'us-east-1';
export const functionArn = (name: string) => `arn:aws:lambda:${REGION}:000000000000:function:${name}`;
export const queueArn = (name: string) => `arn:aws:sqs:${REGION}:000000000000:${name}`;

export interface Sent {
  readonly queueArn: string;
  readonly body: unknown;
  readonly attributes: Readonly<Record<string, string>>;
}

export async function startLambda() {
  const closers: (() => unknown)[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'lambda-service-'));
  closers.push(() => rm(folder, { recursive: true }));
  const database = new DatabaseSync(':memory:');
  closers.push(() => database.close());
  const clock = createClock();
  closers.push(() => clock.release());
  const lines: string[] = [];
  const printed: string[] = [];
  const sent: Sent[] = [];
  const published: { event: AwsEvent; bus: string }[] = [];

  const open = async () => {
    const lambda = createLambda({
      endpoint: 'http://127.0.0.1:9',
      queues: { receive: async () => ({}), remove: async () => ({}) },
      region: REGION,
      clock,
      database,
      spare: SPARE,
      report: (line) => lines.push(line),
      output: (_, line) => printed.push(line),
      send: async (queueArn, body, attributes = {}) => {
        if (queueArn.endsWith('gone')) throw new Error('there is no such queue');
        sent.push({ queueArn, body: JSON.parse(body), attributes });
      },
      publish: async (event, bus) => void published.push({ event, bus }),
    });
    const gateway = await startGateway({
      port: 0,
      report: (line) => lines.push(line),
      services: { lambda: { protocol: 'rest-payload', handle: lambda.handle } },
      functionUrl: lambda.serveUrl,
    });
    const client = new LambdaClient({
      endpoint: gateway.endpoint,
      region: REGION,
      maxAttempts: 1,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    /** @param body the source of an ES module that exports `handler` */
    const define = async (name: string, body: string, more: Partial<LambdaFunction> = {}) => {
      const bundle = join(folder, `${name}.mjs`);
      await writeFile(bundle, body);
      lambda.define({
        name,
        arn: functionArn(name),
        bundle,
        exportName: 'handler',
        timeoutSeconds: 30,
        memoryMiB: 128,
        environment: {},
        ...more,
      });
    };
    let closed = false;
    const close = async () => {
      if (closed) return;
      closed = true;
      client.destroy();
      await gateway.close();
      await lambda.close();
    };
    closers.push(close);
    return { client, close, define, endpoint: gateway.endpoint, lambda };
  };
  return {
    clock,
    lines,
    /** Starts it, also once more on the events of an earlier run. */
    open,
    printed,
    published,
    sent,
    close: async () => {
      for (const closer of closers.splice(0).reverse()) await closer();
    },
  };
}
