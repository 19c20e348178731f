/** The sizes that Fargate has. */

/**
 * Memory in MiB that Fargate offers with each vCPU count.
 * @see AWS Batch API reference, ResourceRequirement
 */
const MEMORY_MIB_BY_VCPUS: ReadonlyMap<number, readonly number[]> = new Map([
  [0.25, [512, 1024, 2048]],
  [0.5, steps(1024, 4096, 1024)],
  [1, steps(2048, 8192, 1024)],
  [2, steps(4096, 16_384, 1024)],
  [4, steps(8192, 30_720, 1024)],
  [8, steps(16_384, 61_440, 4096)],
  [16, steps(32_768, 122_880, 8192)],
  [32, [61_440, 122_880, 249_856]],
]);

/** @returns why Fargate has no task of this size, as a sentence that says what it has; undefined when it has one */
export function notOnFargate(vcpus: number, memoryMiB: number): string | undefined {
  const offered = MEMORY_MIB_BY_VCPUS.get(vcpus);
  if (offered === undefined)
    return `Fargate has no task of ${vcpus} vCPUs: expected ${[...MEMORY_MIB_BY_VCPUS.keys()].join(', ')}`;
  if (offered.includes(memoryMiB)) return undefined;
  return `Fargate has no task of ${vcpus} vCPUs with ${memoryMiB} MiB: expected ${listed(offered)}`;
}

/** A long list is a range in equal steps. */
function listed(sizes: readonly number[]): string {
  const [first = 0, second = 0] = sizes;
  return sizes.length <= 4 ? sizes.join(', ') : `${first} to ${sizes.at(-1)} in steps of ${second - first}`;
}

function steps(first: number, last: number, step: number): number[] {
  return Array.from({ length: (last - first) / step + 1 }, (_, index) => first + index * step);
}
