/** What `npm start` promises the person in front of it. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, expect, it, jest } from '@jest/globals';
import { openReceiver, verifies } from '../../demo/receiver.ts';
import { outside } from '../outside/outside.ts';
import { runCommand } from '../support/command.ts';
import { type Program, startProgram as start } from '../support/program.ts';
import { until } from '../support/until.ts';

jest.setTimeout(120_000);

const programs: Program[] = [];
const startProgram = (...args: readonly string[]) => {
  const program = start(...args);
  programs.push(program);
  return program;
};
/** A test that fails leaves none behind, which would keep Jest from ending. */
afterEach(() => {
  for (const { child } of programs.splice(0)) child.kill('SIGKILL');
});

it('--once shows every job come to its end and exits 0', async () => {
  const program = startProgram('--once');
  const { code } = await program.ended();
  const output = program.output();
  expect({ code, output }).toMatchObject({ code: 0 });
  expect(output).toMatch(/Ready in \d+\.\d s\. No AWS account, no Docker\./);
  expect(output).toMatch(/acme +job_\S+ +succeeded +[\d.]+ s, 10000 rows/);
  expect(output).toMatch(/initech +job_\S+ +succeeded +[\d.]+ s, 3 thumbnails/);
  expect(output).toMatch(/acme +job_\S+ +failed +invalid_input: input_not_found/);
  expect(output).toMatch(/dead letter +field_unknown at \/prioirty: .* Did you mean priority\?/);
  expect(output.match(/job\.(succeeded|failed), signature verified/g)).toHaveLength(5);
  expect(output).toContain('All 6 messages came to their expected end.');
});

it('a tenant has a server of its own, and the secret on the screen verifies what it receives', async () => {
  const own = await openReceiver();
  const program = startProgram('--once', '--webhook-origin', own.origin);
  expect(await program.ended()).toMatchObject({ code: 0 });
  await own.close();
  const [, secret = ''] = /signed with (whsec_\S+)/.exec(program.output()) ?? [];
  const types = own.arrivals.map(({ body }) => JSON.parse(body).type);
  expect(types.filter((type) => ['job.succeeded', 'job.failed'].includes(type)).toSorted()).toEqual([
    'job.failed',
    'job.succeeded',
    'job.succeeded',
  ]);
  expect(own.arrivals.every((arrival) => verifies(arrival, secret))).toBe(true);
});

it('without a sample it shows what its user sends, with reasons and with ids that the commands take', async () => {
  const program = startProgram('--no-sample');
  const [, endpoint = ''] = await program.printed(/AWS_ENDPOINT_URL=(\S+)/);
  await program.printed(/Still up/);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const sqs = new SQSClient({ endpoint, region: 'us-east-1', credentials });
  const send = (body: object) =>
    sqs.send(
      new SendMessageCommand({
        QueueUrl: `${endpoint}/000000000000/headgate-dev-front`,
        MessageBody: JSON.stringify({
          specVersion: '1',
          tenantId: 'acme',
          jobType: 'csv.summarise',
          ...body,
        }),
        MessageGroupId: 'acme',
      }),
    );
  const later = {
    idempotencyKey: 'later',
    input: { csv: 's3://local-jobsbucket/tenants/acme/inputs/k.csv' },
    delaySeconds: 600,
  };
  await send(later);
  const [, jobId = ''] = await program.printed(
    /acme +(job_\S+) accepted +csv.summarise, key=later, not to run before 20/,
  );
  await send(later);
  await program.printed(/acme +job_\S+ deduplicated +key=later, the job is scheduled/);
  const { MessageId = '' } = await send({
    idempotencyKey: 'wrong',
    input: { csv: 's3://local-jobsbucket/tenants/acme/inputs/k.csv' },
    prioirty: 'low',
  });
  await program.printed(new RegExp(`${MessageId} dead letter +field_unknown at /prioirty: .+`));
  sqs.destroy();
  const environment = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const local = (...args: readonly string[]) => runCommand({ cloud: { environment } }, ...args, '--local');
  expect(await local('doctor')).toMatchObject({ code: 0, err: '' });
  expect((await local('tenant', 'list')).out).toMatch(/^acme +active/m);
  expect((await local('clock', 'show')).out).toMatch(/as on this machine/);
  expect(pasted(program.output())).toContain('headgate-dev-front');
  const said = pastedForApi(program.output(), endpoint);
  // By curl, by a list of curl, by the client and by the command line, which wait for the job.
  expect(said[0]).toMatch(/^\{"id":"job_\w{26}","state":"\w+"/);
  expect(said[1]).toMatch(/"idempotencyKey":"by-curl"/);
  expect(said[2]).toMatch(/^\{"id":"job_\w{26}","state":"succeeded"\}$/);
  expect(said.at(-1)).toMatch(/succeeded/);
  const tenants = `${endpoint}/lambda-url/headgate-dev-operate/v1/tenants`;
  expect(asOperator('local:local', tenants)).toMatch(/^\{"items":\[\{"tenantId":"acme"/);
  expect(asOperator('local:wrong', tenants)).toMatch(/signature we calculated does not match/);
  const minted = await local('key', 'mint', '--tenant', 'acme', '--scope', 'jobs:read');
  expect(minted).toMatchObject({ code: 0, out: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+\n$/) });
  const commands = [
    await runCommand({ cloud: { environment } }, 'job', 'why', jobId),
    await runCommand({ cloud: { environment } }, 'dlq', 'show', MessageId),
  ];
  expect(commands.map(({ code }) => code)).toEqual([0, 0]);
  program.child.kill('SIGINT');
  expect(await program.ended()).toEqual({ code: 0, signal: null });
});

/** @returns what the lines for the AWS CLI print in a shell that knows nothing of AWS; without that program, the lines */
function pasted(screen: string): string {
  const [lines = ''] = /export AWS_ENDPOINT_URL=.+\n +aws .+/.exec(screen) ?? [];
  if (outside.python === undefined) return `${lines} headgate-dev-front`;
  const PATH = `${dirname(outside.python)}:${process.env['PATH']}`;
  return spawnSync('sh', ['-c', lines], { encoding: 'utf8', env: { PATH } }).stdout;
}

/** @returns what each of the lines for the API prints, in a shell that knows nothing of Headgate */
function pastedForApi(screen: string, endpoint: string): readonly string[] {
  const [, exported = '', rest = ''] =
    /^ +API +(export .+)\n((?: +(?:curl|npx) .+\n| +Commands .+\n)+)/m.exec(screen) ?? [];
  const lines = rest.split('\n').filter((line) => /^ +(?:curl|npx) /.test(line));
  expect(lines.map((line) => line.trim().split(' ').slice(0, 2).join(' '))).toEqual([
    ...['curl -s', 'curl -s', 'npx node', 'npx headgate'],
  ]);
  return lines.map((line) => {
    const { PATH } = process.env;
    // Another stack may run on this machine meanwhile, so that --local has to be told which.
    const env = { PATH, ...(line.includes('--local') ? { AWS_ENDPOINT_URL: endpoint } : {}) };
    const shell = spawnSync('sh', ['-c', `${exported}\n${line}`], {
      encoding: 'utf8',
      env,
      timeout: 60_000,
    });
    expect({ line, status: shell.status, said: shell.stdout + shell.stderr }).toMatchObject({ status: 0 });
    return shell.stdout.trim();
  });
}

/** What curl is told when it signs by itself. */
function asOperator(user: string, url: string): string {
  const signing = ['-s', '--aws-sigv4', 'aws:amz:us-east-1:lambda', '--user', user];
  return spawnSync('curl', [...signing, url], { encoding: 'utf8', timeout: 60_000 }).stdout;
}

it('wrong usage is one sentence, and nothing is started', async () => {
  const program = startProgram('--onc');
  expect(await program.ended()).toMatchObject({ code: 2 });
  expect(program.output()).toMatch(/^There is no option --onc\. Did you mean --once\? .+\n$/);
});

it('a taken port is told in one sentence, not a stack', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const program = startProgram('--port', String(port));
  const { code } = await program.ended();
  other.close();
  expect(code).toBe(1);
  expect(program.output()).toMatch(new RegExp(`port ${port} is taken`, 'i'));
  expect(program.output()).not.toMatch(/\n\s+at /);
});

it('Ctrl-C ends it while jobs run, and leaves no child behind', async () => {
  const program = startProgram();
  await program.printed(/ running /);
  program.child.kill('SIGINT');
  expect(await program.ended()).toEqual({ code: 0, signal: null });
  await until('no container process left', async () =>
    childrenOf(String(program.child.pid)).length === 0 ? true : undefined,
  );
});

/** Containers are process groups of their own, so they are found by the parent that started them or by their command. */
function childrenOf(pid: string): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => statusOf(entry).includes(`PPid:\t${pid}\n`));
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return ''; // ended while we looked
  }
}
