/** Batch: CloudFormation's property names, converted into those of the API. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { jobDefinition, nameOf, type Resource } from './identities.ts';
import type { Maker } from './maker.ts';

/** Their keys are values of the user, not property names. */
const MAPS = new Set(['Options', 'Parameters', 'Tags']);

/** `MaxvCpus` to `maxvCpus`, at every depth except inside maps. */
export function toApi(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toApi);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.charAt(0).toLowerCase() + key.slice(1),
      MAPS.has(key) ? item : toApi(item),
    ]),
  );
}

function inputOf({ properties }: Resource, ...without: readonly string[]): Record<string, unknown> {
  const entries = Object.entries(properties).filter(([name]) => !without.includes(name));
  return z.record(z.string(), z.unknown()).parse(toApi(Object.fromEntries(entries)));
}

const makeEnvironment: Maker = async (resource, { call }, stack) => {
  const computeEnvironment = stack.identity(resource.logicalId).ref;
  const { computeEnvironments } = await call('batch', 'DescribeComputeEnvironments', {
    computeEnvironments: [computeEnvironment],
  });
  const input = inputOf(resource, 'ComputeEnvironmentName', 'ReplaceComputeEnvironment', 'UpdatePolicy');
  if (isEmpty(computeEnvironments)) {
    const computeEnvironmentName = nameOf(resource, stack.site, 'ComputeEnvironmentName');
    await call('batch', 'CreateComputeEnvironment', { ...input, computeEnvironmentName });
  } else {
    const { type: _, tags: __, ...changes } = input;
    await call('batch', 'UpdateComputeEnvironment', { ...changes, computeEnvironment });
  }
};

const makePolicy: Maker = async (resource, { call }, stack) => {
  const arn = stack.identity(resource.logicalId).ref;
  const { schedulingPolicies } = await call('batch', 'DescribeSchedulingPolicies', { arns: [arn] });
  const input = inputOf(resource, 'Name');
  if (isEmpty(schedulingPolicies)) {
    const name = nameOf(resource, stack.site, 'Name');
    await call('batch', 'CreateSchedulingPolicy', { ...input, name });
  } else {
    const { fairsharePolicy = {} } = input;
    await call('batch', 'UpdateSchedulingPolicy', { arn, fairsharePolicy });
  }
};

const makeJobQueue: Maker = async (resource, { call }, stack) => {
  const jobQueue = stack.identity(resource.logicalId).ref;
  const { jobQueues } = await call('batch', 'DescribeJobQueues', { jobQueues: [jobQueue] });
  const input = inputOf(resource, 'JobQueueName');
  if (isEmpty(jobQueues)) {
    const jobQueueName = nameOf(resource, stack.site, 'JobQueueName');
    await call('batch', 'CreateJobQueue', { ...input, jobQueueName });
  } else {
    const { tags: _, ...changes } = input;
    await call('batch', 'UpdateJobQueue', { ...changes, jobQueue });
  }
};

const Described = z.object({
  jobDefinitions: z.array(z.looseObject({ jobDefinitionArn: z.string(), revision: z.number() })),
});
/** The fields that Batch adds to a registration, and its defaults. */
const ADDED = ['containerOrchestrationType', 'jobDefinitionArn', 'revision', 'status'];
const FILLED_IN = { parameters: {}, platformCapabilities: [], propagateTags: false, tags: {} };

/** A registration always makes a new revision, so the newest one is kept when it is equal. */
const makeDefinition: Maker = async (resource, { call }, stack) => {
  const jobDefinitionName = nameOf(resource, stack.site, 'JobDefinitionName');
  const wanted = { ...inputOf(resource, 'ResourceRetentionPolicy'), jobDefinitionName };
  const { jobDefinitions } = Described.parse(
    await call('batch', 'DescribeJobDefinitions', { jobDefinitionName, status: 'ACTIVE' }),
  );
  const newest = jobDefinitions.toSorted((left, right) => right.revision - left.revision)[0];
  if (newest !== undefined) {
    const said = Object.fromEntries(Object.entries(newest).filter(([name]) => !ADDED.includes(name)));
    if (isDeepStrictEqual(said, { ...FILLED_IN, ...wanted })) return jobDefinition(newest.jobDefinitionArn);
  }
  const made = await call('batch', 'RegisterJobDefinition', wanted);
  return jobDefinition(z.object({ jobDefinitionArn: z.string() }).parse(made).jobDefinitionArn);
};

function isEmpty(list: unknown): boolean {
  return z.array(z.unknown()).parse(list).length === 0;
}

export const batchMakers: Readonly<Record<string, Maker>> = {
  'AWS::Batch::ComputeEnvironment': makeEnvironment,
  'AWS::Batch::SchedulingPolicy': makePolicy,
  'AWS::Batch::JobQueue': makeJobQueue,
  'AWS::Batch::JobDefinition': makeDefinition,
};
