/**
 * Instances of EC2, for sizes that Fargate does not have, and for GPUs. A stage has a compute environment and a queue of them when a job
 * type asks for it, and none otherwise.
 *
 * Fargate gives each task a machine of its own. On EC2 containers share the kernel and the network of their instance, so an instance runs
 * one job at a time: each size takes more than half of its vCPUs.
 */

export interface Instances {
  /** Of their compute environment and their queue, which all job types with these instances share. */
  readonly name: string;
  /** Such as `g6.xlarge`. */
  readonly types: readonly string[];
  /** Of the largest of the types, as the pages of EC2 have them. A job takes more than half of the vCPUs. */
  readonly vcpus: number;
  /** What the largest offers to a container: less than it has, because its system needs some. */
  readonly memoryMiB: number;
  readonly gpus?: number;
  /** Of all instances that run at once. */
  readonly maxVcpus: number;
  /** On-Demand, of the largest type: what an hour of a job is estimated at. */
  readonly usdPerHour: number;
}

const NAME = /^[a-z][a-z0-9]{0,30}$/;
/** Queues of Fargate have these. */
const TAKEN = ['standard', 'economy', 'fargate'];
const TYPE = /^[a-z][a-z0-9-]*\.[a-z0-9-]+$/;
/** Graviton has a g after the generation: m7g, c8gn, im4gn. @see Amazon EC2 instance types guide, "Naming conventions" */
const GRAVITON = /^(?:a1\.|[a-z]+\d+[a-z]*g)/;

/** @returns the first thing that EC2 or AWS Batch would not have, as a sentence; undefined when there is none */
export function wrongInstances(
  { name, types, vcpus, memoryMiB, gpus = 0, maxVcpus, usdPerHour }: Instances,
  { architecture }: { readonly architecture: 'arm64' | 'x86_64' },
): string | undefined {
  if (!NAME.test(name) || TAKEN.includes(name))
    return `expected a name of small letters and digits as instances.name, and none of ${TAKEN.join(', ')}, found "${name}"`;
  if (types.length === 0) return `the instances ${name} have no types: expected some such as g6.xlarge`;
  for (const type of types) {
    if (!TYPE.test(type)) return `expected an instance type such as g6.xlarge, found "${type}"`;
    const has = GRAVITON.test(type) ? 'arm64' : 'x86_64';
    if (has !== architecture) return `the instance type ${type} has ${has} and the image has ${architecture}`;
  }
  for (const [figure, value] of Object.entries({ vcpus, memoryMiB, maxVcpus }))
    if (!(Number.isInteger(value) && value >= 1))
      return `expected a whole number from 1 as instances.${figure}, found ${value}`;
  if (!(Number.isInteger(gpus) && gpus >= 0))
    return `expected a whole number as instances.gpus, found ${gpus}`;
  if (maxVcpus < vcpus)
    return `instances.maxVcpus ${maxVcpus} is less than the ${vcpus} vCPUs of one instance, so that none would ever start`;
  if (!(usdPerHour > 0 && Number.isFinite(usdPerHour)))
    return `expected a price of more than 0 as instances.usdPerHour, found ${usdPerHour}`;
  return undefined;
}

/** @returns why these instances have no room for a container of this size, or for two, as a sentence; undefined when it is right */
export function notOnInstances(
  { vcpus, gpus = 0 }: { readonly vcpus: number; readonly gpus?: number },
  memoryMiB: number,
  instances: Instances,
): string | undefined {
  const { name } = instances;
  if (!(Number.isInteger(vcpus) && vcpus >= 1))
    return `expected whole vCPUs on the instances ${name}, found ${vcpus}`;
  if (!(Number.isInteger(gpus) && gpus >= 0)) return `expected whole GPUs, found ${gpus}`;
  if (vcpus > instances.vcpus) return `the instances ${name} have ${instances.vcpus} vCPUs, found ${vcpus}`;
  if (!(Number.isInteger(memoryMiB) && memoryMiB >= 4 && memoryMiB <= instances.memoryMiB))
    return `expected 4 to ${instances.memoryMiB} MiB on the instances ${name}, found ${memoryMiB}`;
  if (gpus > (instances.gpus ?? 0))
    return `the instances ${name} have ${instances.gpus ?? 0} GPUs, found ${gpus}`;
  if (vcpus * 2 <= instances.vcpus)
    return `an instance of ${name} would run two jobs of ${vcpus} vCPUs at once, and they may be of two tenants: expected more than half of its ${instances.vcpus}`;
  return undefined;
}

/**
 * The instances of a registry, each once.
 *
 * @throws Error when two with one name differ: they are one compute environment
 */
export function instancesOf(containers: readonly { readonly instances?: Instances }[]): Instances[] {
  const byName = new Map<string, Instances>();
  for (const { instances } of containers) {
    if (instances === undefined) continue;
    const known = byName.get(instances.name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(instances))
      throw new Error(
        `job-types.ts: expected one set of instances with the name ${instances.name}, found two that differ`,
      );
    byName.set(instances.name, instances);
  }
  return [...byName.values()];
}

/** The logical id of their queue in the template. */
export const queueId = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}JobQueue`;
