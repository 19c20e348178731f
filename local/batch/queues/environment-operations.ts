/** Compute environments: creating, changing, listing and deleting them. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ACCOUNT_ID } from '../../aws.ts';
import { batchArn } from '../arns.ts';
import { EnabledState, Name, type Operation, page, parse, refusal, Tags } from '../request.ts';
import type { ComputeEnvironment, Resources } from './resources.ts';

/** Fields that belong to instances, which Fargate has none of. */
const NOT_FOR_FARGATE = ['minvCpus', 'desiredvCpus', 'instanceTypes', 'instanceRole', 'tags', 'ec2KeyPair'];

const CreateRequest = z.object({
  computeEnvironmentName: Name,
  type: z.literal('MANAGED', { error: 'only MANAGED is implemented here' }),
  state: EnabledState.default('ENABLED'),
  serviceRole: z.string().optional(),
  computeResources: z.looseObject({
    type: z.enum(['EC2', 'SPOT', 'FARGATE', 'FARGATE_SPOT']),
    maxvCpus: z.int().min(1),
  }),
  tags: Tags.default({}),
});

const UpdateRequest = z.object({
  computeEnvironment: z.string(),
  state: EnabledState.optional(),
  serviceRole: z.string().optional(),
  computeResources: z.looseObject({ maxvCpus: z.int().min(0).optional() }).optional(),
});

const DescribeRequest = z.object({ computeEnvironments: z.array(z.string()).max(100).optional() });
const DeleteRequest = z.object({ computeEnvironment: z.string() });

export function environmentOperations(
  resources: Resources,
  region: string,
  onRoom: () => void,
): Record<string, Operation> {
  const known = (nameOrArn: string) => {
    const environment = resources.environment(nameOrArn);
    if (!environment) throw refusal(`Compute environment ${nameOrArn} does not exist`);
    return environment;
  };
  return {
    createcomputeenvironment(body) {
      const request = parse(CreateRequest, body);
      const { computeEnvironmentName, computeResources } = request;
      if (resources.environment(computeEnvironmentName)) throw refusal('Object already exists');
      if (isFargate(computeResources.type)) refuseInstanceFields(computeResources);
      const uuid = randomUUID();
      const computeEnvironmentArn = batchArn(region, 'compute-environment', computeEnvironmentName);
      const cluster = `AWSBatch-${computeEnvironmentName}`;
      const ecsClusterArn = `arn:aws:ecs:${region}:${ACCOUNT_ID}:cluster/${cluster}`;
      resources.putEnvironment({ ...request, uuid, computeEnvironmentArn, ecsClusterArn });
      return { computeEnvironmentName, computeEnvironmentArn };
    },
    updatecomputeenvironment(body) {
      const { computeEnvironment, computeResources, ...changes } = parse(UpdateRequest, body);
      const environment = known(computeEnvironment);
      const { maxvCpus = environment.computeResources.maxvCpus, ...others } = computeResources ?? {};
      if (isFargate(environment.computeResources.type)) refuseInstanceFields(others);
      resources.putEnvironment({
        ...environment,
        state: changes.state ?? environment.state,
        serviceRole: changes.serviceRole ?? environment.serviceRole,
        computeResources: { ...environment.computeResources, ...others, maxvCpus },
      });
      onRoom();
      const { computeEnvironmentName, computeEnvironmentArn } = environment;
      return { computeEnvironmentName, computeEnvironmentArn };
    },
    deletecomputeenvironment(body) {
      const environment = known(parse(DeleteRequest, body).computeEnvironment);
      const arn = environment.computeEnvironmentArn;
      if (environment.state === 'ENABLED') throw refusal('Cannot delete, state of environment is ENABLED');
      const inUse = resources
        .queues()
        .some((queue) => queue.computeEnvironmentOrder.some((entry) => entry.computeEnvironment === arn));
      if (inUse) throw refusal('Cannot delete, found existing JobQueue relationship');
      resources.remove(arn);
      return {};
    },
    describecomputeenvironments(body) {
      const { computeEnvironments } = parse(DescribeRequest, body);
      const wanted = computeEnvironments?.length
        ? computeEnvironments.flatMap((ref) => resources.environment(ref) ?? [])
        : resources.environments();
      const { items, ...rest } = page(wanted, body);
      return { computeEnvironments: items.map(environmentDetail), ...rest };
    },
  };
}

export function isFargate(type: string): boolean {
  return type.startsWith('FARGATE');
}

function refuseInstanceFields(computeResources: Record<string, unknown>): void {
  const field = NOT_FOR_FARGATE.find((name) => computeResources[name] !== undefined);
  if (field) throw refusal(`${field} is not applicable for Fargate.`);
}

/** Nothing has to be created behind an environment here, so it is VALID from the start. */
function environmentDetail(environment: ComputeEnvironment): Record<string, unknown> {
  return {
    ...environment,
    status: 'VALID',
    statusReason: 'ComputeEnvironment Healthy',
    containerOrchestrationType: 'ECS',
  };
}
