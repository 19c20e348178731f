/** `headgate webhook listen` beside a stack of npm start: shown, verified, handed on, and answered as the server answers. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { verifyWebhook } from '../../client/webhook.ts';
import { advanceClock } from '../../local/control.ts';
import { findRunning, LISTEN_ORIGIN, RUNNING_FOLDER } from '../../local/running.ts';
import { startCommand } from '../support/command.ts';
import { type Program, startProgram } from '../support/program.ts';
import { somethingHappened, until } from '../support/until.ts';

jest.setTimeout(30_000);

let stack: Program;
let endpoint = '';
beforeAll(async () => {
  stack = startProgram('--no-sample');
  [, endpoint = ''] = await stack.printed(/AWS_ENDPOINT_URL=(\S+)/);
  await stack.printed(/Still up/);
}, 120_000);
afterAll(async () => {
  stack.child.kill('SIGINT');
  await stack.ended();
});

const environmentOf = () => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
});

/** @param answers the statuses of its answers, in turn; the last one for all others */
async function ownServer(...answers: number[]) {
  const received: { body: Buffer; headers: Record<string, string> }[] = [];
  const server = createServer(async (request, response) => {
    const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    received.push({ body: await buffer(request), headers: Object.fromEntries(headers) });
    response.writeHead(answers[Math.min(received.length, answers.length) - 1] ?? 204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { received, port: (server.address() as AddressInfo).port, close: () => server.close() };
}

function listening(...args: string[]) {
  const child = startCommand({ cloud: { environment: environmentOf() } }, [
    'webhook',
    'listen',
    '--tenant',
    'acme',
    ...args,
  ]);
  const text = { out: '', err: '' };
  for (const stream of ['out', 'err'] as const)
    child[`std${stream}`].on('data', (chunk) => {
      text[stream] += String(chunk);
      somethingHappened();
    });
  return {
    text,
    secret: () => until('the secret', async () => /whsec_\S+?(?=\.)/.exec(text.out + text.err)?.[0]),
    lines: (count: number) =>
      until(`${count} lines`, async () => {
        const lines = text.out
          .trim()
          .split('\n')
          .filter((line) => line !== '' && !line.includes('Ctrl-C'));
        return lines.length >= count ? lines : undefined;
      }),
    async end() {
      child.kill('SIGINT');
      return (await once(child, 'close'))[0];
    },
  };
}

async function send(idempotencyKey: string): Promise<void> {
  const sqs = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const body = {
    specVersion: '1',
    tenantId: 'acme',
    jobType: 'demo.sleep',
    idempotencyKey,
    input: { seconds: 0 },
  };
  const QueueUrl = `${endpoint}/000000000000/headgate-dev-front`;
  await sqs.send(
    new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body), MessageGroupId: 'acme' }),
  );
  sqs.destroy();
}

it('a server of the user gets each webhook as it came, and what it refuses comes again', async () => {
  const own = await ownServer(503, 204);
  const listener = listening('--forward-to', String(own.port), '--json');
  const secret = await listener.secret();
  await send('forwarded');
  await listener.lines(1);
  await until('the second try', async () => {
    await advanceClock(endpoint, 60_000);
    return own.received.length >= 2 ? own.received : undefined;
  });
  const lines = (await listener.lines(2)).map((line) => JSON.parse(line));
  expect(lines).toMatchObject([
    { verified: true, status: 503, event: { type: 'job.succeeded', data: { tenantId: 'acme' } } },
    { verified: true, status: 204, webhookId: lines[0].webhookId },
  ]);
  for (const { body, headers } of own.received) {
    const atMs = Number(headers['webhook-timestamp']) * 1000;
    expect(await verifyWebhook(body, headers, [secret], atMs)).toMatchObject({ type: 'job.succeeded' });
  }
  own.close();
  expect(await listener.end()).toBe(0);
});

it('without a server each is shown and taken, by one listener at a time; a forged one is refused', async () => {
  const listener = listening('--local');
  await listener.secret();
  await send('shown');
  const [line] = await listener.lines(1);
  expect(line).toMatch(/^msg_\w+ {2}job\.succeeded {2}job_\w+ {2}succeeded {2}answered 204 in \d+ ms$/);
  const second = listening();
  await until(
    'the refusal',
    async () => /Another headgate webhook listen/.exec(second.text.err) ?? undefined,
  );
  const [running] = (await findRunning(RUNNING_FOLDER)).filter(
    ({ environment }) => environment['AWS_ENDPOINT_URL'] === endpoint,
  );
  const forged = await fetch(running?.outputs[LISTEN_ORIGIN] ?? '', { method: 'POST', body: '{}' });
  expect(forged.status).toBe(401);
  expect((await listener.lines(2))[1]).toContain('signature does NOT verify  answered 401');
  expect(await listener.end()).toBe(0);
});
