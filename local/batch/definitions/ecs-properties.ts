/**
 * A definition of several containers, which ECS runs as one task: what it may say, and in what ways it may contradict
 * itself.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_EcsTaskProperties.html
 */
import * as z from 'zod';
import { Int32 } from '../request.ts';
import { containerMembers, PlatformVersion, taskMembers } from './container-properties.ts';
import { fargateHolds } from './fargate.ts';
import { EcsName } from './fields.ts';
import { type Platform, platformFault, windowsFault } from './platform-rules.ts';
import { requirementFault, type Size, type Sized, sizeOf } from './resource-requirements.ts';

/** Long enough for ECS to look again; Fargate's upper limit is asked for below. */
const Seconds = Int32.min(2);
const MAX_FARGATE_SECONDS = 120;

export const ContainerDependency = z.strictObject({
  containerName: z.string(),
  condition: z.enum(['START', 'COMPLETE', 'SUCCESS']),
});

const TaskContainer = z.strictObject({
  ...containerMembers,
  name: EcsName,
  essential: z.boolean().default(true),
  dependsOn: z.array(ContainerDependency).default([]),
  startTimeout: Seconds.optional(),
  stopTimeout: Seconds.optional(),
  firelensConfiguration: z
    .strictObject({
      type: z.enum(['fluentd', 'fluentbit']),
      options: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
});
type TaskContainer = z.infer<typeof TaskContainer>;

const Task = z.strictObject({
  ...taskMembers,
  containers: z.array(TaskContainer).min(1).max(10),
  platformVersion: PlatformVersion.optional(),
  ipcMode: z.enum(['host', 'task', 'none']).optional(),
  pidMode: z.enum(['host', 'task']).optional(),
  taskRoleArn: z.string().optional(),
});

export const EcsProperties = z.strictObject({ taskProperties: z.array(Task).min(1).max(1) });
export type EcsProperties = z.infer<typeof EcsProperties>;

/** @returns the first thing that AWS would not take, or that cannot be had here */
export function ecsFault({ taskProperties: [task] }: EcsProperties, platform: Platform): string | undefined {
  if (task === undefined) return 'taskProperties must have one element.';
  const { containers } = task;
  const taskFault =
    windowsFault(task.runtimePlatform ?? {}, [task, ...containers]) ??
    platformFault(task, { platform, members: Object.keys(Task.shape) });
  if (taskFault !== undefined) return taskFault;
  for (const container of containers) {
    const fault =
      platformFault(container, { platform, members: Object.keys(TaskContainer.shape) }) ??
      containerSizeFault(container, platform) ??
      secondsFault(container, platform);
    if (fault !== undefined) return `${container.name}: ${fault}`;
  }
  return namesFault(containers) ?? orderFault(containers) ?? taskSizeFault(containers, platform);
}

/** @returns what is wrong with the sizes of containers, after overrides */
export function ecsSizeFault(
  { taskProperties }: { readonly taskProperties: readonly { readonly containers: readonly Sized[] }[] },
  platform: Platform,
): string | undefined {
  const containers = taskProperties.flatMap((task) => task.containers);
  for (const container of containers) {
    const fault = containerSizeFault(container, platform);
    if (fault !== undefined) return fault;
  }
  return taskSizeFault(containers, platform);
}

function containerSizeFault(container: Sized, platform: Platform): string | undefined {
  const { vcpus, memoryMiB } = sizeOf(container);
  const fault = requirementFault(container.resourceRequirements ?? [], platform);
  if (fault !== undefined) return fault;
  if (Number.isNaN(vcpus)) return 'resourceRequirements must have a value for VCPU.';
  return Number.isNaN(memoryMiB) ? 'resourceRequirements must have a value for MEMORY.' : undefined;
}

function secondsFault({ startTimeout = 0, stopTimeout = 0 }: TaskContainer, platform: Platform) {
  if (platform !== 'FARGATE' || Math.max(startTimeout, stopTimeout) <= MAX_FARGATE_SECONDS) return undefined;
  return `startTimeout and stopTimeout take at most ${MAX_FARGATE_SECONDS} seconds for Fargate.`;
}

function namesFault(containers: readonly TaskContainer[]): string | undefined {
  const names = containers.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `The container name ${twice} is there twice.`;
  return containers.some(({ essential }) => essential)
    ? undefined
    : 'At least one container must be essential.';
}

function orderFault(containers: readonly TaskContainer[]): string | undefined {
  for (const { name, dependsOn } of containers) {
    for (const { containerName, condition } of dependsOn) {
      const dependency = containers.find((container) => container.name === containerName);
      if (dependency === undefined) return `${name} depends on ${containerName}, which is not there.`;
      if (condition !== 'START' && dependency.essential) {
        return `${name} depends on ${containerName} with condition ${condition}, but ${containerName} is essential.`;
      }
    }
  }
  const ordered = new Set<string>();
  for (let before = -1; before < ordered.size; ) {
    before = ordered.size;
    const ready = containers.filter(({ dependsOn }) =>
      dependsOn.every(({ containerName }) => ordered.has(containerName)),
    );
    for (const { name } of ready) ordered.add(name);
  }
  return ordered.size < containers.length ? 'The containers depend on each other in a circle.' : undefined;
}

function taskSizeFault(containers: readonly Sized[], platform: Platform): string | undefined {
  if (platform === 'EC2') return undefined;
  const { vcpus, memoryMiB } = totalSize(containers);
  if (fargateHolds(vcpus, memoryMiB)) return undefined;
  return `Fargate resource requirements (${vcpus} vCPU, ${memoryMiB} MiB) not valid.`;
}

/** What the containers of a task ask for together. */
export function totalSize(containers: readonly Sized[]): Size {
  const sizes = containers.map(sizeOf);
  return {
    vcpus: sizes.reduce((sum, { vcpus }) => sum + vcpus, 0),
    memoryMiB: sizes.reduce((sum, { memoryMiB }) => sum + memoryMiB, 0),
  };
}
