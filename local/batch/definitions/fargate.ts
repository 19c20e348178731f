/** The sizes of containers that Fargate has. */

/**
 * Memory in MiB that Fargate offers with each vCPU count.
 * @see AWS Batch API reference, ResourceRequirement
 */
const MEMORY_MIB_BY_VCPU: ReadonlyMap<number, readonly number[]> = new Map([
  [0.25, [512, 1024, 2048]],
  [0.5, range(1024, 4096, 1024)],
  [1, range(2048, 8192, 1024)],
  [2, range(4096, 16384, 1024)],
  [4, range(8192, 30720, 1024)],
  [8, range(16384, 61440, 4096)],
  [16, range(32768, 122880, 8192)],
  [32, [61440, 122880, 249856]],
]);

export function fargateOffers(vcpus: number, memoryMiB: number): boolean {
  return MEMORY_MIB_BY_VCPU.get(vcpus)?.includes(memoryMiB) ?? false;
}

/** Whether some size that Fargate offers has room for containers that ask for so much together. */
export function fargateHolds(vcpus: number, memoryMiB: number): boolean {
  return [...MEMORY_MIB_BY_VCPU].some(
    ([offered, memories]) => offered >= vcpus && memories.some((memory) => memory >= memoryMiB),
  );
}

function range(first: number, last: number, step: number): number[] {
  return Array.from({ length: (last - first) / step + 1 }, (_, index) => first + index * step);
}
