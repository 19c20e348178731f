/** Compute environments: creating, changing, listing and deleting them. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ACCOUNT_ID } from '../../aws.ts';
import { batchArn } from '../arns.ts';
import { EnabledState, Name, type Operation, Paging, page, parse, refusal, Tags } from '../request.ts';
import {
  ComputeResources,
  ComputeResourcesUpdate,
  isFargate,
  resourcesFault,
  updateFault,
} from './compute-resources.ts';
import type { ComputeEnvironment, Resources } from './resources.ts';

/** @see https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html */
const MAX_ENVIRONMENTS = 50;

const CreateRequest = z.strictObject({
  computeEnvironmentName: Name,
  type: z.literal('MANAGED', { error: 'only MANAGED is implemented here' }),
  state: z
    .literal('ENABLED', { error: 'A compute environment must be created in the ENABLED state' })
    .default('ENABLED'),
  serviceRole: z.string().optional(),
  computeResources: ComputeResources,
  tags: Tags.default({}),
});

const UpdateRequest = z.strictObject({
  computeEnvironment: z.string(),
  state: EnabledState.optional(),
  serviceRole: z.string().optional(),
  computeResources: ComputeResourcesUpdate.default({}),
});

const DescribeRequest = z.strictObject({
  ...Paging,
  computeEnvironments: z.array(z.string()).max(100).optional(),
});
const DeleteRequest = z.strictObject({ computeEnvironment: z.string() });

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
      if (resources.environments().length >= MAX_ENVIRONMENTS) {
        throw refusal(`There are ${MAX_ENVIRONMENTS} compute environments already`);
      }
      refuseFault(computeResources);
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
      const { type = environment.computeResources.type } = computeResources;
      if (isFargate(type) !== isFargate(environment.computeResources.type)) {
        throw refusal('A compute environment cannot be changed between instances and Fargate');
      }
      const fault = updateFault(environment.computeResources, computeResources);
      if (fault !== undefined) throw refusal(fault);
      const updated = changed(environment.computeResources, computeResources);
      refuseFault(updated);
      resources.putEnvironment({
        ...environment,
        state: changes.state ?? environment.state,
        serviceRole: changes.serviceRole ?? environment.serviceRole,
        computeResources: updated,
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
      const { computeEnvironments, ...paging } = parse(DescribeRequest, body);
      const wanted = computeEnvironments?.length
        ? computeEnvironments.flatMap((ref) => resources.environment(ref) ?? [])
        : resources.environments();
      const { items, ...rest } = page(wanted, paging);
      return { computeEnvironments: items.map(environmentDetail), ...rest };
    },
  };
}

function refuseFault(computeResources: ComputeResources): void {
  const fault = resourcesFault(computeResources);
  if (fault !== undefined) throw refusal(fault);
}

/** For Fargate an empty list changes nothing (API reference, ComputeResourceUpdate). */
function changed(
  current: ComputeResources,
  update: z.infer<typeof ComputeResourcesUpdate>,
): ComputeResources {
  const says = (value: unknown) =>
    value !== undefined && !(isFargate(current.type) && Array.isArray(value) && value.length === 0);
  const changes = Object.fromEntries(Object.entries(update).filter(([, value]) => says(value)));
  // The members of an update are members of the whole, with the same values.
  const next = { ...current, ...changes } as ComputeResources;
  const { minvCpus = 0, maxvCpus, desiredvCpus } = next;
  // Batch itself moves the desired number between its bounds; only one that a caller asks for can be wrong.
  if (desiredvCpus === undefined || update.desiredvCpus !== undefined) return next;
  return { ...next, desiredvCpus: Math.min(Math.max(desiredvCpus, minvCpus), maxvCpus) };
}

/** There is nothing to create for an environment here, so it is VALID from the start. */
function environmentDetail(environment: ComputeEnvironment): Record<string, unknown> {
  return {
    ...environment,
    status: 'VALID',
    statusReason: 'ComputeEnvironment Healthy',
    containerOrchestrationType: 'ECS',
  };
}
