/**
 * How many vCPUs and how much memory a container asks for, and what each platform takes for an answer.
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html
 */
import { fargateOffers } from './fargate.ts';
import type { ResourceRequirement } from './fields.ts';
import type { Platform } from './platform-rules.ts';

const LEAST_MEMORY_MIB = 4;

/** `vcpus` and `memory` are the older way to ask, still taken outside Fargate. */
export interface Sized {
  readonly resourceRequirements?: readonly ResourceRequirement[] | undefined;
  readonly vcpus?: number | undefined;
  readonly memory?: number | undefined;
}

export interface Size {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

/** What was asked for by requirement counts before what was asked for in the older way. */
export function sizeOf({ resourceRequirements = [], vcpus, memory }: Sized): Size {
  const asked = (type: string) =>
    resourceRequirements.find((requirement) => requirement.type === type)?.value;
  return { vcpus: Number(asked('VCPU') ?? vcpus), memoryMiB: Number(asked('MEMORY') ?? memory) };
}

/** @returns what is wrong with the size of a job's only container */
export function sizeFault(container: Sized, platform: Platform): string | undefined {
  const fault = requirementFault(container.resourceRequirements ?? [], platform);
  if (fault !== undefined) return fault;
  const { vcpus, memoryMiB } = sizeOf(container);
  if (Number.isNaN(vcpus)) return 'resourceRequirements must have a value for VCPU.';
  if (Number.isNaN(memoryMiB)) return 'resourceRequirements must have a value for MEMORY.';
  if (platform === 'EC2' || fargateOffers(vcpus, memoryMiB)) return undefined;
  return `Fargate resource requirements (${vcpus} vCPU, ${memoryMiB} MiB) not valid.`;
}

/** @returns what is wrong with one of the values, whatever the others are */
export function requirementFault(
  requirements: readonly ResourceRequirement[],
  platform: Platform,
): string | undefined {
  for (const { type, value } of requirements) {
    if (type === 'GPU') {
      if (platform === 'FARGATE') return 'GPU is not applicable for Fargate.';
      // It is kept and described, and the container gets none: a program that falls back to the processor runs here.
      if (isWhole(value, 1)) continue;
      return `Value ${value} for type GPU in resourceRequirement is not valid. Please provide a numeric value.`;
    }
    if (!isValid(type, value, platform)) {
      return `Value ${value} for type ${type} in resourceRequirement is not valid. Please provide a numeric value.`;
    }
  }
  return undefined;
}

/** vCPUs are whole outside Fargate, and memory is whole everywhere. */
function isValid(type: 'VCPU' | 'MEMORY', value: string, platform: Platform): boolean {
  if (type === 'MEMORY') return isWhole(value, LEAST_MEMORY_MIB);
  if (platform === 'FARGATE') return /^[0-9]{1,9}(\.[0-9]+)?$/.test(value) && Number(value) > 0;
  return isWhole(value, 1);
}

const isWhole = (value: string, least: number): boolean =>
  /^[0-9]{1,9}$/.test(value) && Number(value) >= least;
