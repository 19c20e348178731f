/** What a submission may say other than its definition about the containers, and the containers that come of it. */
import * as z from 'zod';
import type { Definition } from '../definitions/definitions.ts';
import { Environment, type NameValue, ResourceRequirement } from '../definitions/fields.ts';
import { Int32, refusal } from '../request.ts';
import type { JobRecord } from './job.ts';

/** The limit of ECS RunTask for overrides, which Batch meets after it has accepted the job. */
const MAX_OVERRIDES_LENGTH = 8192;
/** As long as the real ones, which are not known yet. */
const OWN_VARIABLES = [
  { name: 'AWS_BATCH_JOB_ID', value: '00000000-0000-0000-0000-000000000000' },
  { name: 'AWS_BATCH_JOB_ATTEMPT', value: '1' },
  { name: 'AWS_BATCH_JQ_NAME', value: '' },
  { name: 'AWS_BATCH_CE_NAME', value: '' },
];

const overrides = {
  command: z.array(z.string().min(1, 'has an empty string')).optional(),
  environment: Environment.optional(),
  resourceRequirements: z.array(ResourceRequirement).optional(),
};
export const ContainerOverrides = z.strictObject({
  ...overrides,
  vcpus: Int32.min(1).optional(),
  memory: Int32.min(4).optional(),
  instanceType: z.undefined('is only for multi-node jobs').optional(),
});
export const EcsPropertiesOverride = z.strictObject({
  taskProperties: z
    .array(
      z.strictObject({
        containers: z.array(z.strictObject({ ...overrides, name: z.string().optional() })).default([]),
      }),
    )
    .max(1)
    .default([]),
});

interface Requested {
  readonly containerOverrides: z.infer<typeof ContainerOverrides>;
  readonly ecsPropertiesOverride: z.infer<typeof EcsPropertiesOverride>;
}
type Containers = Pick<JobRecord, 'container' | 'ecsProperties'>;

/** @throws a refusal for overrides of the other kind of definition, or of a container that is not there */
export function overridden(definition: Definition, requested: Requested): Containers {
  const { containerProperties, ecsProperties } = definition;
  const { containerOverrides } = requested;
  const ofContainers = requested.ecsPropertiesOverride.taskProperties.flatMap(({ containers }) => containers);
  if (containerProperties !== undefined) {
    if (ofContainers.length > 0)
      throw refusal('ecsPropertiesOverride is only for definitions with ecsProperties');
    const { vcpus, memory } = containerOverrides;
    const older = { ...(vcpus !== undefined && { vcpus }), ...(memory !== undefined && { memory }) };
    return { container: { ...merged(containerProperties, containerOverrides), ...older } };
  }
  if (Object.keys(containerOverrides).length > 0) {
    throw refusal('containerOverrides is only for definitions with containerProperties');
  }
  const tasks = ecsProperties?.taskProperties ?? [];
  const names = tasks.flatMap(({ containers }) => containers.map(({ name }) => name));
  const unknown = ofContainers.find(({ name }) => name === undefined || !names.includes(name));
  if (unknown)
    throw refusal(`ecsPropertiesOverride: there is no container ${unknown.name ?? 'without a name'}`);
  return {
    ecsProperties: {
      taskProperties: tasks.map((task) => ({
        ...task,
        containers: task.containers.map((container) =>
          merged(container, ofContainers.find(({ name }) => name === container.name) ?? {}),
        ),
      })),
    },
  };
}

interface Mergeable {
  readonly command?: string[] | undefined;
  readonly environment?: z.infer<typeof NameValue>[] | undefined;
  readonly resourceRequirements?: ResourceRequirement[] | undefined;
}

function merged<Base extends Mergeable>(base: Base, over: Mergeable) {
  return {
    ...base,
    command: over.command ?? base.command ?? [],
    environment: replacedBy(base.environment, over.environment, ({ name }) => name),
    resourceRequirements: replacedBy(
      base.resourceRequirements,
      over.resourceRequirements,
      ({ type }) => type,
    ),
  };
}

/** An override adds an entry or replaces the one of the same key. */
function replacedBy<Item>(
  base: readonly Item[] = [],
  over: readonly Item[] = [],
  key: (item: Item) => string,
) {
  return [...new Map([...base, ...over].map((item) => [key(item), item])).values()];
}

/**
 * Commands, environment overrides and Batch's own variables together are what reaches ECS.
 * @param commands of all containers, with their placeholders filled
 * @returns what Batch will say of the job when it looks at it
 */
export function overridesFault(commands: readonly string[], requested: Requested): string | undefined {
  const { containerOverrides, ecsPropertiesOverride } = requested;
  const containers = ecsPropertiesOverride.taskProperties.flatMap((task) => task.containers);
  const environment = [containerOverrides, ...containers].flatMap((container) => container.environment ?? []);
  const sent = JSON.stringify({ command: commands, environment: [...environment, ...OWN_VARIABLES] });
  if (sent.length <= MAX_OVERRIDES_LENGTH) return undefined;
  return `Container Overrides length must be at most ${MAX_OVERRIDES_LENGTH}`;
}
