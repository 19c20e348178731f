/**
 * Consumable resources: how much of each there is, how much is left, and the records of both kinds. One that is
 * replenishable gets back what a job held; of the other kind what a job took is gone.
 * @see https://docs.aws.amazon.com/batch/latest/userguide/resource-aware-scheduling.html
 */
import * as z from 'zod';

/** "Up to 5 resources for each job" (user guide, "Specify the resources needed to run a job"). */
const MAX_PER_JOB = 5;
/** The API's Long, as far as a number of JavaScript is exact. */
export const Quantity = z.int().min(0);

export const ConsumableResource = z.object({
  consumableResourceName: z.string(),
  consumableResourceArn: z.string(),
  totalQuantity: z.int(),
  /** What jobs have used up of a resource that is not replenishable. */
  consumedQuantity: z.int(),
  resourceType: z.enum(['REPLENISHABLE', 'NON_REPLENISHABLE']),
  createdAt: z.int(),
  tags: z.record(z.string(), z.string()),
});
export type ConsumableResource = z.infer<typeof ConsumableResource>;

/** What a definition or a submission says a job needs. */
export const ConsumableResourceProperties = z.strictObject({
  consumableResourceList: z
    .array(z.strictObject({ consumableResource: z.string(), quantity: z.int().min(1).default(1) }))
    .max(MAX_PER_JOB)
    .default([]),
});
export type ConsumableResourceProperties = z.infer<typeof ConsumableResourceProperties>;

/** @param heldByJobs of replenishable resources, and of the others by jobs that run; by ARN */
export function inUse(resource: ConsumableResource, heldByJobs: ReadonlyMap<string, number>): number {
  return resource.resourceType === 'NON_REPLENISHABLE'
    ? resource.consumedQuantity
    : (heldByJobs.get(resource.consumableResourceArn) ?? 0);
}

/** What is left of each, by ARN; below zero when the total was lowered under what jobs hold. */
export function availableOf(
  resources: readonly ConsumableResource[],
  heldByJobs: ReadonlyMap<string, number>,
): Map<string, number> {
  return new Map(
    resources.map((resource) => [
      resource.consumableResourceArn,
      resource.totalQuantity - inUse(resource, heldByJobs),
    ]),
  );
}
