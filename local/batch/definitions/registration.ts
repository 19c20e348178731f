/** Registering job definitions, listing and deregistering them. */
import * as z from 'zod';
import { type Body, Name, type Operation, page, parse, refusal, Tags } from '../request.ts';
import {
  ContainerProperties,
  type Definition,
  type Definitions,
  StoredRetryStrategy,
  Timeout,
} from './definitions.ts';
import { fargateOffers } from './fargate.ts';
import { Parameters, type ResourceRequirement } from './fields.ts';

const MAX_DEFINITION_KIB = 24;

const RegisterRequest = z.object({
  jobDefinitionName: Name,
  type: z.literal('container', { error: 'only container is implemented here' }),
  parameters: Parameters.default({}),
  schedulingPriority: z.int().min(0).max(9999).optional(),
  retryStrategy: StoredRetryStrategy.refine(
    ({ attempts }) => attempts !== undefined,
    'RetryAttempts must be provided with retry strategy',
  ).optional(),
  timeout: Timeout.optional(),
  propagateTags: z.boolean().default(false),
  platformCapabilities: z.array(z.enum(['EC2', 'FARGATE'])).default([]),
  containerProperties: ContainerProperties,
  tags: Tags.default({}),
});

const DescribeRequest = z.object({
  jobDefinitions: z.array(z.string()).max(100).optional(),
  jobDefinitionName: z.string().optional(),
  status: z.string().optional(),
});
const DeregisterRequest = z.object({ jobDefinition: z.string() });

export function definitionOperations(
  definitions: Definitions,
  report: (line: string) => void,
): Record<string, Operation> {
  return {
    registerjobdefinition(body) {
      const request = parseRegistration(body);
      const { jobDefinitionName, jobDefinitionArn, revision } = definitions.add({
        ...request,
        status: 'ACTIVE',
      });
      if (request.containerProperties.secrets?.length) {
        report(`batch: ${jobDefinitionName}:${revision} names secrets; its containers run without them here`);
      }
      return { jobDefinitionName, jobDefinitionArn, revision };
    },
    deregisterjobdefinition(body) {
      const ref = parse(DeregisterRequest, body).jobDefinition;
      const definition = definitions.find(ref);
      if (!definition) throw refusal(`Job definition ${ref} does not exist`);
      definitions.save({ ...definition, status: 'INACTIVE' });
      return {};
    },
    describejobdefinitions(body) {
      const { items, ...rest } = page(selected(definitions, body), body);
      const described = items.map((definition) => ({ ...definition, containerOrchestrationType: 'ECS' }));
      return { jobDefinitions: described, ...rest };
    },
  };
}

/** @throws a refusal when Fargate has no container of this size */
export function refuseFargateSize(requirements: readonly ResourceRequirement[]): void {
  const valueFor = (type: string) => requirements.find((requirement) => requirement.type === type)?.value;
  const [vcpu, memory] = [valueFor('VCPU'), valueFor('MEMORY')];
  if (valueFor('GPU') !== undefined) throw refusal('GPU is not applicable for Fargate.');
  if (vcpu === undefined || memory === undefined) {
    throw refusal('VCPU and MEMORY must be given in resourceRequirements for Fargate.');
  }
  if (!fargateOffers(Number(vcpu), Number(memory))) {
    throw refusal(`Fargate resource requirements (${vcpu} vCPU, ${memory} MiB) not valid.`);
  }
}

function parseRegistration(body: Body): z.infer<typeof RegisterRequest> {
  for (const field of ['ecsProperties', 'eksProperties', 'nodeProperties', 'consumableResourceProperties']) {
    if (body[field] !== undefined) throw refusal(`not implemented here: ${field}`);
  }
  const sizeKiB = Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 1024);
  if (sizeKiB > MAX_DEFINITION_KIB) {
    throw refusal(`Job definition size must be less than ${MAX_DEFINITION_KIB} KiB, got ${sizeKiB} KiB`);
  }
  const request = parse(RegisterRequest, body);
  const container = request.containerProperties;
  if (request.platformCapabilities.includes('FARGATE')) {
    if (container.vcpus !== undefined || container.memory !== undefined) {
      throw refusal('vcpus and memory are not applicable for Fargate; use resourceRequirements.');
    }
    refuseFargateSize(container.resourceRequirements ?? []);
    if (!container.executionRoleArn) throw refusal('executionRoleArn is required for Fargate.');
    if (container.privileged) throw refusal('privileged is not applicable for Fargate.');
    const field = ['ulimits', 'instanceType'].find((name) => container[name] !== undefined);
    if (field) throw refusal(`${field} is not applicable for Fargate.`);
  }
  return request;
}

/** A list of definitions excludes every other way to choose (API reference, DescribeJobDefinitions). */
function selected(definitions: Definitions, body: Body): Definition[] {
  const { jobDefinitions, jobDefinitionName, status } = parse(DescribeRequest, body);
  if (jobDefinitions?.length) return jobDefinitions.flatMap((ref) => definitions.find(ref) ?? []);
  const named = jobDefinitionName === undefined ? definitions.all() : definitions.named(jobDefinitionName);
  return named.filter((definition) => status === undefined || definition.status === status);
}
