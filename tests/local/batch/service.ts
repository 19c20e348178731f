import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import {
  BatchClient,
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  CreateSchedulingPolicyCommand,
  DescribeJobsCommand,
  type FairsharePolicy,
  type JobDetail,
  RegisterJobDefinitionCommand,
  type RegisterJobDefinitionCommandInput,
  SubmitJobCommand,
  type SubmitJobCommandInput,
} from '@aws-sdk/client-batch';
import type { ApiRequest, AwsEvent } from '../../../local/aws.ts';
import { type Batch, type BatchOptions, createBatch } from '../../../local/batch/batch.ts';

const WAIT_LIMIT_MS = 60_000;
/** Small, as every container gets a copy. */
const IMAGE = join(import.meta.dirname, 'image');

export interface Service extends AsyncDisposable {
  readonly batch: Batch;
  readonly client: BatchClient;
  readonly events: AwsEvent[];
  readonly reports: string[];
  /** What the container of a job has printed so far. */
  printedBy(job: JobDetail): string;
  advance(milliseconds: number): void;
  submit(input?: Partial<SubmitJobCommandInput>): Promise<string>;
  describe(jobId: string): Promise<JobDetail | undefined>;
  /** Waits for the job to be in one of these states, by DescribeJobs. */
  reaches(jobId: string, ...statuses: string[]): Promise<JobDetail>;
  /** Waits until every event was handed over, then tells the job's states in the order they came. */
  statesTold(jobId: string): Promise<unknown[]>;
}

/** Batch behind a loopback server and a real SDK client, with one queue `queue` of 4 vCPU and a definition `work`. */
export async function startService(changes: Partial<BatchOptions> = {}): Promise<Service> {
  const events: AwsEvent[] = [];
  const reports: string[] = [];
  const printed = new Map<string, string>();
  let offsetMs = 0;
  const batch = createBatch({
    region: 'us-east-1',
    store: new DatabaseSync(':memory:'),
    clock: { now: () => Date.now() + offsetMs },
    emit: async (event) => void events.push(event),
    logs: {
      open: (_, stream) => void printed.set(stream, ''),
      write: (_, stream, message) => void printed.set(stream, `${printed.get(stream)}${message}\n`),
    },
    imageSource: (image) => (image === 'nowhere' ? undefined : { kind: 'folder', directory: IMAGE }),
    containerEnvironment: () => ({ AWS_REGION: 'us-east-1' }),
    report: (line) => void reports.push(line),
    submitsPerSecond: Number.POSITIVE_INFINITY,
    ...changes,
  });
  const server = await serve(batch);
  const { port } = server.address() as AddressInfo; // a listening TCP server has one
  const client = new BatchClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  const service: Service = {
    batch,
    client,
    events,
    reports,
    printedBy: ({ container }) => printed.get(container?.logStreamName ?? '') ?? '',
    advance: (milliseconds) => {
      offsetMs += milliseconds;
    },
    async submit(input) {
      const request = { jobName: 'job', jobQueue: 'queue', jobDefinition: 'work', ...input };
      return (await client.send(new SubmitJobCommand(request))).jobId ?? '';
    },
    describe: async (jobId) => (await client.send(new DescribeJobsCommand({ jobs: [jobId] }))).jobs?.[0],
    async reaches(jobId, ...statuses) {
      let job: JobDetail | undefined;
      await until(async () => {
        job = await service.describe(jobId);
        return job !== undefined && statuses.includes(job.status ?? '');
      }, `${jobId} to be ${statuses}`);
      return job!;
    },
    async statesTold(jobId) {
      await until(() => batch.activity().undelivered === 0, 'the outbox to be empty');
      return events.filter(({ detail }) => detail['jobId'] === jobId).map(({ detail }) => detail['status']);
    },
    async [Symbol.asyncDispose]() {
      await batch.close();
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return service;
}

/** The queue, environment and definition that most tests use; a test that wants others makes them itself. */
export async function startWithQueue(changes: Partial<BatchOptions> = {}): Promise<Service> {
  const service = await startService(changes);
  await createEnvironment(service.client, 'environment', 4);
  await createQueue(service.client, 'queue', ['environment']);
  await register(service.client, 'work', { command: ['node', '-e', ''] });
  await service.batch.start();
  return service;
}

export async function createEnvironment(client: BatchClient, name: string, maxvCpus: number): Promise<void> {
  await client.send(
    new CreateComputeEnvironmentCommand({
      computeEnvironmentName: name,
      type: 'MANAGED',
      computeResources: { type: 'FARGATE', maxvCpus, subnets: ['subnet-1'], securityGroupIds: ['sg-1'] },
    }),
  );
}

export async function createInstances(client: BatchClient, name: string, maxvCpus: number): Promise<void> {
  await client.send(
    new CreateComputeEnvironmentCommand({
      computeEnvironmentName: name,
      type: 'MANAGED',
      computeResources: {
        type: 'EC2',
        maxvCpus,
        subnets: ['subnet-1'],
        securityGroupIds: ['sg-1'],
        instanceRole: 'ecsInstanceRole',
        instanceTypes: ['optimal'],
      },
    }),
  );
}

export async function createQueue(client: BatchClient, name: string, environments: string[], priority = 1) {
  const computeEnvironmentOrder = environments.map((computeEnvironment, order) => ({
    order,
    computeEnvironment,
  }));
  await client.send(new CreateJobQueueCommand({ jobQueueName: name, priority, computeEnvironmentOrder }));
}

export async function createFairQueue(
  client: BatchClient,
  name: string,
  environment: string,
  fairsharePolicy: FairsharePolicy = {},
) {
  const { arn } = await client.send(
    new CreateSchedulingPolicyCommand({ name: `${name}-policy`, fairsharePolicy }),
  );
  await client.send(
    new CreateJobQueueCommand({
      jobQueueName: name,
      priority: 1,
      schedulingPolicyArn: arn,
      computeEnvironmentOrder: [{ order: 1, computeEnvironment: environment }],
    }),
  );
}

export async function register(
  client: BatchClient,
  jobDefinitionName: string,
  container: { command: string[]; image?: string; vcpus?: string; memory?: string },
  others: Partial<RegisterJobDefinitionCommandInput> = {},
) {
  const { image = 'image', command, vcpus = '0.25', memory = '512' } = container;
  return await client.send(
    new RegisterJobDefinitionCommand({
      jobDefinitionName,
      type: 'container',
      platformCapabilities: ['FARGATE'],
      containerProperties: {
        image,
        command,
        executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
        resourceRequirements: [
          { type: 'VCPU', value: vcpus },
          { type: 'MEMORY', value: memory },
        ],
      },
      ...others,
    }),
  );
}

/** @throws Error naming `what` after a minute, which no healthy run comes near */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const giveUpAt = performance.now() + WAIT_LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > giveUpAt) throw new Error(`waited for ${what}`);
    await delay(10);
  }
}

async function serve(batch: Batch) {
  const server = createServer(async (request, response) => {
    const chunks = await request.toArray();
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const tagKeys = searchParams.getAll('tagKeys');
    const text = Buffer.concat(chunks).toString();
    const apiRequest: ApiRequest = {
      method: request.method ?? '',
      path: pathname,
      headers: {},
      body: { ...(text && JSON.parse(text)), ...(tagKeys.length > 0 && { tagKeys }) },
    };
    const answer = await batch.handle(apiRequest);
    if (answer.lost) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
