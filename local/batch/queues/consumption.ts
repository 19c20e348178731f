/** What a job that starts takes for good from resources that are not replenishable. */
import type { Resources } from './resources.ts';

interface Consumer {
  readonly consumables?: readonly { readonly arn: string; readonly quantity: number }[] | undefined;
  readonly attempts: readonly unknown[];
}

/** Belongs to the write that starts a try. Later tries of the same job use what the first one took. */
export function consume(resources: Resources, { consumables = [], attempts }: Consumer): void {
  if (attempts.length > 0) return;
  for (const { arn, quantity } of consumables) {
    const resource = resources.consumable(arn);
    if (resource?.resourceType !== 'NON_REPLENISHABLE') continue;
    resources.putConsumable({ ...resource, consumedQuantity: resource.consumedQuantity + quantity });
  }
}
