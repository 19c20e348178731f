/** Registering job definitions, listing and deregistering them. */
import * as z from 'zod';
import { ConsumableResourceProperties } from '../queues/consumables.ts';
import { type Body, Int32, Name, type Operation, Paging, page, parse, refusal, Tags } from '../request.ts';
import { ContainerProperties } from './container-properties.ts';
import { type Definition, type Definitions, platformsOf } from './definitions.ts';
import { EcsProperties, ecsFault } from './ecs-properties.ts';
import { Parameters, Timeout } from './fields.ts';
import { onlyShown, type Platform, platformFault, windowsFault } from './platform-rules.ts';
import { sizeFault } from './resource-requirements.ts';
import { StoredRetryStrategy } from './retry-strategy.ts';

const MAX_DEFINITION_KIB = 24;

const RegisterRequest = z.strictObject({
  jobDefinitionName: Name,
  type: z.literal('container', { error: 'only container is implemented here' }),
  parameters: Parameters.default({}),
  schedulingPriority: Int32.min(0).max(9999).optional(),
  retryStrategy: StoredRetryStrategy.refine(
    ({ attempts }) => attempts !== undefined,
    'RetryAttempts must be provided with retry strategy',
  ).optional(),
  timeout: Timeout.optional(),
  propagateTags: z.boolean().default(false),
  platformCapabilities: z
    .array(z.enum(['EC2', 'FARGATE'], { error: 'only EC2 and FARGATE are implemented here' }))
    .default([]),
  containerProperties: ContainerProperties.optional(),
  ecsProperties: EcsProperties.optional(),
  consumableResourceProperties: ConsumableResourceProperties.optional(),
  tags: Tags.default({}),
});

const DescribeRequest = z.strictObject({
  ...Paging,
  jobDefinitions: z.array(z.string()).max(100).optional(),
  jobDefinitionName: z.string().optional(),
  status: z.string().optional(),
});
const DeregisterRequest = z.strictObject({ jobDefinition: z.string() });

export function definitionOperations(
  definitions: Definitions,
  report: (line: string) => void,
): Record<string, Operation> {
  const told = new Set<string>();
  /** Once for each member: a stack has the same ones in most of its definitions. */
  const reportShown = (definition: string, described: readonly (object | undefined)[]) => {
    const shown = new Set(described.flatMap((part) => (part ? onlyShown(part) : [])));
    const news = [...shown].filter((member) => !told.has(member));
    for (const member of news) told.add(member);
    if (news.length > 0) report(`without effect: ${news.join(', ')} of job definition ${definition}`);
  };
  return {
    registerjobdefinition(body) {
      const request = parseRegistration(body);
      const { jobDefinitionName, jobDefinitionArn, revision } = definitions.add({
        ...request,
        status: 'ACTIVE',
      });
      const [task] = request.ecsProperties?.taskProperties ?? [];
      const described = [request.containerProperties, task, ...(task?.containers ?? [])];
      reportShown(`${jobDefinitionName}:${revision}`, described);
      return { jobDefinitionName, jobDefinitionArn, revision };
    },
    deregisterjobdefinition(body) {
      const ref = parse(DeregisterRequest, body).jobDefinition;
      // "The name and revision (name:revision) or full Amazon Resource Name" (API reference, DeregisterJobDefinition).
      if (!/:\d+$/.test(ref)) throw refusal(`Job definition ${ref} has no revision`);
      const definition = definitions.find(ref);
      if (!definition) throw refusal(`Job definition ${ref} does not exist`);
      definitions.save({ ...definition, status: 'INACTIVE' });
      return {};
    },
    describejobdefinitions(body) {
      const request = parse(DescribeRequest, body);
      const { items, ...rest } = page(selected(definitions, request), request);
      const described = items.map((definition) => ({ ...definition, containerOrchestrationType: 'ECS' }));
      return { jobDefinitions: described, ...rest };
    },
  };
}

function parseRegistration(body: Body): z.infer<typeof RegisterRequest> {
  const sizeKiB = Math.ceil(Buffer.byteLength(JSON.stringify(body)) / 1024);
  if (sizeKiB > MAX_DEFINITION_KIB) {
    throw refusal(`Job definition size must be less than ${MAX_DEFINITION_KIB} KiB, got ${sizeKiB} KiB`);
  }
  const request = parse(RegisterRequest, body);
  const { containerProperties: container, ecsProperties } = request;
  if ((container === undefined) === (ecsProperties === undefined)) {
    throw refusal('Exactly one of containerProperties and ecsProperties must be given');
  }
  for (const platform of platformsOf(request)) {
    const fault =
      (container && containerFault(container, platform)) ??
      (ecsProperties && ecsFault(ecsProperties, platform));
    if (fault !== undefined) throw refusal(fault);
  }
  return request;
}

function containerFault(container: ContainerProperties, platform: Platform): string | undefined {
  return (
    windowsFault(container.runtimePlatform ?? {}, [container]) ??
    platformFault(container, { platform, members: Object.keys(ContainerProperties.shape) }) ??
    sizeFault(container, platform)
  );
}

/** A list of definitions excludes every other way to choose (API reference, DescribeJobDefinitions). */
function selected(
  definitions: Definitions,
  { jobDefinitions, jobDefinitionName, status }: z.infer<typeof DescribeRequest>,
): Definition[] {
  if (jobDefinitions?.length && (jobDefinitionName !== undefined || status !== undefined)) {
    throw refusal('jobDefinitions cannot be used with other parameters');
  }
  if (jobDefinitions?.length) return jobDefinitions.flatMap((ref) => definitions.find(ref) ?? []);
  const named = jobDefinitionName === undefined ? definitions.all() : definitions.named(jobDefinitionName);
  return named.filter((definition) => status === undefined || definition.status === status);
}
