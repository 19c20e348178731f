/**
 * SubmitJob in the embedded Batch, with its limit of calls lifted: calls a second while records of jobs pile up. The calls come
 * from a thread of their own over HTTP; the figure is the rate that one core would take, from the CPU time of the thread that
 * answers, so that other programs on the machine do not change it.
 */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { startCloud } from '../local/cloud.ts';
import type { Outcome } from './figure.ts';

const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/batch/aws4_request';
const RECORDS = 100_000;
const WARM_UP = 5000;
const BAR_PER_SECOND = 2000;

const template = {
  Resources: {
    Environment: {
      Type: 'AWS::Batch::ComputeEnvironment',
      Properties: {
        ComputeEnvironmentName: 'bench',
        Type: 'MANAGED',
        ComputeResources: {
          Type: 'FARGATE',
          MaxvCpus: 1,
          Subnets: ['subnet-1'],
          SecurityGroupIds: ['sg-1'],
        },
      },
    },
    Queue: {
      Type: 'AWS::Batch::JobQueue',
      Properties: {
        JobQueueName: 'bench',
        Priority: 1,
        ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: { Ref: 'Environment' } }],
      },
    },
    Definition: {
      Type: 'AWS::Batch::JobDefinition',
      Properties: {
        JobDefinitionName: 'bench',
        Type: 'container',
        PlatformCapabilities: ['FARGATE'],
        ContainerProperties: {
          Image: 'registry.example/bench:1',
          Command: ['true'],
          ExecutionRoleArn: 'arn:aws:iam::000000000000:role/bench',
          ResourceRequirements: [
            { Type: 'VCPU', Value: '0.25' },
            { Type: 'MEMORY', Value: '512' },
          ],
        },
      },
    },
  },
};

export async function* submissions(): AsyncGenerator<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-submissions-'));
  const file = join(folder, 'template.json');
  await writeFile(file, JSON.stringify(template));
  const cloud = await startCloud({
    template: file,
    bundles: folder,
    images: {},
    submitJobsPerSecond: Number.POSITIVE_INFINITY,
  });
  await disableEnvironment(cloud.endpoint);
  const caller = new Worker(new URL('./submissions-caller.ts', import.meta.url), {
    workerData: { endpoint: cloud.endpoint },
  });
  try {
    const perSecond = async (count: number): Promise<number> => {
      const before = process.threadCpuUsage();
      caller.postMessage(count);
      await once(caller, 'message');
      const { user, system } = process.threadCpuUsage(before);
      return (1_000_000 * count) / (user + system);
    };
    await perSecond(WARM_UP);
    const tenth = (RECORDS - WARM_UP) / 10;
    const rates: number[] = [];
    for (let part = 0; part < 10; part += 1) rates.push(await perSecond(tenth));
    const [first = Number.NaN] = rates;
    yield {
      name: 'laptop SubmitJob, the first tenth',
      value: first,
      unit: 'calls/CPU-s',
      bar: BAR_PER_SECOND,
      better: 'more',
    };
    yield {
      name: `laptop SubmitJob, the last tenth of ${RECORDS}`,
      value: rates.at(-1) ?? Number.NaN,
      unit: 'calls/CPU-s',
      bar: BAR_PER_SECOND,
      better: 'more',
      peer: first,
    };
  } finally {
    await caller.terminate();
    await cloud.close();
    await rm(folder, { recursive: true });
  }
}

/** Jobs wait for ever. An environment is disabled after it was made, as it cannot be made disabled. */
async function disableEnvironment(endpoint: string): Promise<void> {
  const answer = await fetch(new URL('/v1/updatecomputeenvironment', endpoint), {
    method: 'POST',
    headers: { authorization: AUTHORIZATION, 'content-type': 'application/json' },
    body: JSON.stringify({ computeEnvironment: 'bench', state: 'DISABLED' }),
  });
  if (!answer.ok) throw new Error(`UpdateComputeEnvironment answered ${answer.status}`);
}
