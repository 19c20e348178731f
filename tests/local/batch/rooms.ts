import { DatabaseSync } from 'node:sqlite';
import { createApi } from '../../../local/batch/api.ts';
import { createDefinitions } from '../../../local/batch/definitions/definitions.ts';
import { createJobs } from '../../../local/batch/jobs/jobs.ts';
import { createLifecycle } from '../../../local/batch/jobs/lifecycle.ts';
import { createWaits } from '../../../local/batch/jobs/waits.ts';
import { consume } from '../../../local/batch/queues/consumption.ts';
import { createResources } from '../../../local/batch/queues/resources.ts';
import { createShares } from '../../../local/batch/scheduling/shares.ts';
import { openStore } from '../../../local/batch/store.ts';

const ENVIRONMENT_ARN = 'arn:aws:batch:us-east-1:000000000000:compute-environment/environment';

export type Rooms = Awaited<ReturnType<typeof openRooms>>;

/** Batch without its host: a test admits, starts and ends jobs itself, so it decides what comes before what. */
export async function openRooms(store = new DatabaseSync(':memory:')) {
  const rooms = roomsOn(store, { now: () => nowMs });
  let nowMs = 1_800_000_000_000;
  const call = async (operation: string, body: Record<string, unknown>) => {
    const answer = await rooms.api({ method: 'POST', path: `/v1/${operation}`, headers: {}, body });
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body as Record<string, unknown>; // every reply of Batch is an object
  };
  /** @returns what Batch says against a request, or `accepted` */
  const verdict = async (operation: string, body: Record<string, unknown>): Promise<string> => {
    const answer = await rooms.api({ method: 'POST', path: `/v1/${operation}`, headers: {}, body });
    if (answer.status === 200) return 'accepted';
    return String((answer.body as Record<string, unknown>)['message']).replace(
      /^.*Exception : |, RequestId.*$/g,
      '',
    );
  };
  await call('createcomputeenvironment', {
    computeEnvironmentName: 'environment',
    type: 'MANAGED',
    computeResources: { type: 'FARGATE', maxvCpus: 4, subnets: ['subnet-1'], securityGroupIds: ['sg-1'] },
  });
  await call('createjobqueue', {
    jobQueueName: 'queue',
    priority: 1,
    computeEnvironmentOrder: [{ order: 1, computeEnvironment: 'environment' }],
  });
  await call('registerjobdefinition', {
    jobDefinitionName: 'work',
    type: 'container',
    platformCapabilities: ['FARGATE'],
    containerProperties: {
      image: 'image',
      executionRoleArn: 'arn:aws:iam::000000000000:role/execution',
      resourceRequirements: [
        { type: 'VCPU', value: '0.25' },
        { type: 'MEMORY', value: '512' },
      ],
    },
  });
  return {
    ...rooms,
    call,
    verdict,
    advance: (milliseconds: number) => {
      nowMs += milliseconds;
    },
    async submit(input: Record<string, unknown> = {}): Promise<string> {
      const request = { jobName: 'job', jobQueue: 'queue', jobDefinition: 'work', ...input };
      return String((await call('submitjob', request))['jobId']);
    },
    status: (jobId: string) => rooms.jobs.get(jobId)?.status,
    /** Runs one try of a runnable job. */
    run(jobId: string, exitCode: number): void {
      const environmentName = 'environment';
      const task = { taskArn: 'arn:aws:ecs:us-east-1:000000000000:task/x/y', processes: [] };
      rooms.lifecycle.start(jobId, { environmentArn: ENVIRONMENT_ARN, environmentName, ...task });
      rooms.lifecycle.running(jobId, { pid: 1, processStart: undefined });
      rooms.lifecycle.tryEnded(jobId, { statusReason: 'Essential container in task exited', exitCode });
    },
    /** As the service does when a week has passed. */
    forgetAfter(milliseconds: number): void {
      nowMs += milliseconds;
      rooms.jobs.forgetStoppedBefore(nowMs);
    },
  };
}

function roomsOn(database: DatabaseSync, clock: { now(): number }) {
  const region = 'us-east-1';
  const nothing = () => undefined;
  const store = openStore(database);
  const jobs = createJobs(store);
  const waits = createWaits(store);
  const resources = createResources(store, region);
  const shares = createShares(store, resources, clock);
  const definitions = createDefinitions(store, region);
  const lifecycle = createLifecycle({
    region,
    clock,
    store,
    jobs,
    waits,
    announce: nothing,
    recordUse: shares.record,
    onStarting: (job) => consume(resources, job),
    onRunnable: nothing,
    onStop: nothing,
  });
  const parts = { region, clock, store, jobs, waits, resources, shares, definitions, lifecycle };
  const told = {
    submitsPerSecond: Number.POSITIVE_INFINITY,
    report: nothing,
    onSubmitted: nothing,
    onRoom: nothing,
    forget: nothing,
  };
  return { jobs, waits, resources, lifecycle, api: createApi({ ...parts, ...told, faults: {} }) };
}
