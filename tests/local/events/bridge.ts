/** An EventBridge of our own behind the real client, with destinations that may refuse. */
import { createServer, type Server } from 'node:http';
import { DatabaseSync } from 'node:sqlite';
import { json } from 'node:stream/consumers';
import {
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { afterEach } from '@jest/globals';
import type { AwsEvent } from '../../../local/aws.ts';
import { createEventBridge } from '../../../local/events/eventbridge.ts';

export const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:events';
export const DEAD = 'arn:aws:sqs:us-east-1:000000000000:events-dead';
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:tick';
export const NOON = Date.parse('2026-03-04T12:00:00.250Z');

interface Sent {
  queue: string;
  body: AwsEvent;
  attributes: Readonly<Record<string, string>> | undefined;
  group: string | undefined;
}

const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

/** An EventBridge behind a real SDK client; `refuse` names the destinations that take nothing. */
export async function setUp(database = new DatabaseSync(':memory:')) {
  const sent: Sent[] = [];
  /** The bodies as they were sent. */
  const texts: string[] = [];
  const invoked: { arn: string; event: unknown }[] = [];
  const lines: string[] = [];
  const refuse = new Map<string, number>();
  const denied = new Map<string, 'denied' | 'missing'>();
  const gate = { wait: Promise.resolve() };
  const turned = new Set<() => void>();
  const clock = {
    nowMs: NOON,
    now: () => clock.nowMs,
    onAdvance(listener: () => void) {
      turned.add(listener);
      return () => turned.delete(listener);
    },
    advance(milliseconds: number) {
      clock.nowMs += milliseconds;
      for (const listener of turned) listener();
    },
  };
  const mayTake = (arn: string) => {
    const left = refuse.get(arn) ?? 0;
    refuse.set(arn, left - 1);
    if (left > 0) throw new Error(`${arn} is away`);
  };
  const bridge = createEventBridge({
    region: 'us-east-1',
    clock,
    database,
    access: (arn) => denied.get(arn) ?? 'allowed',
    async send(queue, body, attributes, group) {
      await gate.wait;
      mayTake(queue);
      texts.push(body);
      sent.push({ queue, body: JSON.parse(body), attributes, group });
    },
    async invoke(arn, event) {
      mayTake(arn);
      invoked.push({ arn, event });
    },
    report: (line) => lines.push(line),
  });
  const server = createServer(async (request, response) => {
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const body = (await json(request)) as Record<string, unknown>;
    const answer = await bridge.handle({ method: 'POST', path: '/', headers, body });
    response.writeHead(answer.status, answer.headers).end(JSON.stringify(answer.body));
  });
  const client = new EventBridgeClient({
    endpoint: await listen(server),
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  open.push(async () => {
    await bridge.close();
    client.destroy();
    server.closeAllConnections();
    server.close();
  });
  const rule = async (name: string, pattern: object, targets: Target[], bus?: string) => {
    const EventBusName = bus;
    await client.send(
      new PutRuleCommand({ Name: name, EventPattern: JSON.stringify(pattern), EventBusName }),
    );
    if (targets.length > 0)
      await client.send(new PutTargetsCommand({ Rule: name, Targets: targets, EventBusName }));
  };
  return { bridge, client, clock, database, denied, gate, invoked, lines, refuse, rule, sent, texts };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no address');
  return `http://127.0.0.1:${address.port}`;
}

export const entry = (detail: object, more: object = {}) => ({
  Source: 'headgate',
  DetailType: 'job.running',
  Detail: JSON.stringify(detail),
  ...more,
});

export const batchEvent: AwsEvent = {
  version: '0',
  id: 'one',
  'detail-type': 'Batch Job State Change',
  source: 'aws.batch',
  account: '000000000000',
  time: '2026-03-04T12:00:00Z',
  region: 'us-east-1',
  resources: ['arn:job'],
  detail: { jobId: 'j-1', status: 'RUNNING' },
};
