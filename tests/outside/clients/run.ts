/** Sessions of public clients of AWS Batch against the laptop, images and logs included: `npm run clients`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCloud } from '../../../local/cloud.ts';

const CLIENTS = ['luigi', 'metaflow', 'snakemake', 'redun', 'airflow'];
const SESSION_MS = 240_000;
/** An image of their own, as each of these clients registers one; an empty folder is in its place. */
const IMAGE = 'registry.example/session:1';

const template = {
  Resources: {
    Environment: {
      Type: 'AWS::Batch::ComputeEnvironment',
      Properties: {
        Type: 'MANAGED',
        ComputeResources: {
          Type: 'EC2',
          MinvCpus: 0,
          MaxvCpus: 4,
          InstanceTypes: ['optimal'],
          InstanceRole: 'arn:aws:iam::000000000000:instance-profile/batch',
          Subnets: ['subnet-1'],
          SecurityGroupIds: ['sg-1'],
        },
      },
    },
    Queue: {
      Type: 'AWS::Batch::JobQueue',
      Properties: {
        JobQueueName: 'clients',
        Priority: 1,
        ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: { Ref: 'Environment' } }],
      },
    },
  },
};

const python = join(import.meta.dirname, '../../../.build/clients/bin/python');
const folder = await mkdtemp(join(tmpdir(), 'batch-clients-'));
const file = join(folder, 'template.json');
await writeFile(file, JSON.stringify(template));
await mkdir(join(folder, 'image'));
const cloud = await startCloud({
  template: file,
  bundles: folder,
  images: { [IMAGE]: join(folder, 'image') },
});

/** @returns the last words of a session that failed; undefined for one that did not */
async function run(client: string): Promise<string | undefined> {
  const child = spawn(python, [join(import.meta.dirname, `${client}_session.py`)], {
    // Nothing of the developer's own settings.
    env: {
      ...cloud.environment,
      PATH: process.env['PATH'],
      HOME: folder,
      AIRFLOW_HOME: join(folder, 'airflow'),
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      METAFLOW_USER: 'session',
      JOB_QUEUE: 'clients',
      IMAGE,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: SESSION_MS,
    killSignal: 'SIGKILL',
  });
  const words: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => words.push(String(text)));
  const [code] = await once(child, 'close');
  return code === 0 ? undefined : words.join('').split('\n').slice(-25).join('\n');
}

let failed = 0;
for (const client of CLIENTS) {
  const lastWords = await run(client);
  process.stdout.write(lastWords === undefined ? `passed ${client}\n` : `FAILED ${client}\n${lastWords}\n`);
  if (lastWords !== undefined) failed += 1;
}
await cloud.close();
await rm(folder, { recursive: true, force: true });
process.stdout.write(`${CLIENTS.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
