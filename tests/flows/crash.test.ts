/** The local process is killed in the middle of everything and started again on the same data. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterAll, expect, it, jest } from '@jest/globals';
import { jobIdOf } from '../../application/job/identity.ts';
import { awsClients, type Clients } from '../../demo/clients.ts';
import { systemRandom } from '../../io/process/random.ts';
import { jobStore } from '../../io/table/jobs.ts';
import { table } from '../../io/table/table.ts';
import { type Program, startProgram } from '../support/program.ts';
import { until } from '../support/until.ts';

jest.setTimeout(240_000);

const data = mkdtempSync(join(tmpdir(), 'headgate-crash-'));
const programs: Program[] = [];
afterAll(async () => {
  for (const program of programs) {
    program.child.kill('SIGKILL');
    await program.ended();
  }
  rmSync(data, { recursive: true, force: true });
});

async function start(): Promise<{ program: Program; clients: Clients }> {
  const program = startProgram('--data', data);
  programs.push(program);
  const [, endpoint = ''] = await program.printed(/AWS_ENDPOINT_URL=(\S+)/);
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  return {
    program,
    clients: awsClients({ AWS_ENDPOINT_URL: endpoint, AWS_REGION: 'us-east-1', ...credentials }),
  };
}

async function tableOf(clients: Clients): Promise<string> {
  const { TableNames = [] } = await clients.dynamo.send(new ListTablesCommand({}));
  return TableNames[0] ?? '';
}

it('loses no accepted job to a SIGKILL: after the restart every one ends and is told (F12)', async () => {
  const first = await start();
  const { Buckets = [] } = await first.clients.s3.send(new ListBucketsCommand({}));
  const bucket = Buckets.find(({ Name }) => Name?.includes('jobsbucket'))?.Name ?? '';
  // The sample's own inputs are there once its first job is accepted.
  await first.program.printed(/job_\S+ +accepted/);
  const keys = Array.from({ length: 12 }, (_, i) => `survivor-${i}`);
  const csv = `s3://${bucket}/tenants/acme/inputs/birdstrikes.csv`;
  const { QueueUrl } = await first.clients.sqs.send(
    new GetQueueUrlCommand({ QueueName: 'headgate-dev-front' }),
  );
  for (const half of [keys.slice(0, 6), keys.slice(6)]) {
    const Entries = half.map((idempotencyKey, i) => ({
      Id: String(i),
      MessageBody: JSON.stringify({
        specVersion: '1',
        tenantId: 'acme',
        jobType: 'csv.summarise',
        idempotencyKey,
        input: { csv },
      }),
    }));
    await first.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
  const tableName = await tableOf(first.clients);
  const before = jobStore(table(first.clients.dynamo, tableName, systemRandom));
  await until('some of the jobs running', async () => {
    const states = [...(await before.load(keys.map((key) => jobIdOf('acme', key)))).values()].map(
      ({ state }) => state,
    );
    return states.includes('running') && !states.every((state) => state === 'succeeded') ? true : undefined;
  });
  first.program.child.kill('SIGKILL');
  await first.program.ended();

  const second = await start();
  const after = jobStore(table(second.clients.dynamo, await tableOf(second.clients), systemRandom));
  const jobs = await until(
    'every job settled',
    async () => {
      const found = [...(await after.load(keys.map((key) => jobIdOf('acme', key)))).values()];
      return found.length === keys.length && found.every(({ settled }) => settled) ? found : undefined;
    },
    150_000,
  );
  expect(jobs.map(({ state }) => state)).toEqual(keys.map(() => 'succeeded'));
});
