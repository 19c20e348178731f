/** Consumable resources: creating, changing, listing and deleting them. */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { batchArn } from '../arns.ts';
import { Name, type Operation, Paging, page, parse, refusal, Tags } from '../request.ts';
import { type ConsumableResource, inUse, Quantity } from './consumables.ts';
import type { Resources } from './resources.ts';

/** "A clientToken is valid for 8 hours" (API reference, UpdateConsumableResource). */
const TOKEN_KEPT_MS = 8 * 3600 * 1000;

const CreateRequest = z.strictObject({
  consumableResourceName: Name,
  totalQuantity: Quantity.default(0),
  resourceType: z.enum(['REPLENISHABLE', 'NON_REPLENISHABLE']).default('REPLENISHABLE'),
  tags: Tags.default({}),
});
const UpdateRequest = z.strictObject({
  consumableResource: z.string(),
  operation: z.enum(['SET', 'ADD', 'REMOVE']),
  quantity: Quantity,
  clientToken: z.string().min(1).max(64).optional(),
});
const OneRequest = z.strictObject({ consumableResource: z.string() });
const ListRequest = z.strictObject({
  ...Paging,
  filters: z
    .array(
      z.strictObject({ name: z.literal('CONSUMABLE_RESOURCE_NAME'), values: z.array(z.string()).min(1) }),
    )
    .max(1, 'takes one filter')
    .default([]),
});

export interface ConsumableParts {
  readonly region: string;
  readonly clock: { now(): number };
  readonly resources: Resources;
  /** Units that starting and running jobs hold, by ARN. */
  readonly heldByJobs: () => ReadonlyMap<string, number>;
  /** There is more of a resource: something may start. */
  readonly onRoom: () => void;
}

export function consumableOperations(parts: ConsumableParts): Record<string, Operation> {
  const { region, clock, resources, heldByJobs } = parts;
  const updates = rememberedUpdates(clock);
  return {
    createconsumableresource(body) {
      const request = parse(CreateRequest, body);
      const { consumableResourceName } = request;
      if (resources.consumable(consumableResourceName)) throw refusal('Object already exists');
      const consumableResourceArn = batchArn(region, 'consumable-resource', consumableResourceName);
      const made = { ...request, consumableResourceArn, consumedQuantity: 0, createdAt: clock.now() };
      resources.putConsumable(made);
      return { consumableResourceName, consumableResourceArn };
    },
    updateconsumableresource(body) {
      const { clientToken, ...request } = parse(UpdateRequest, body);
      const resource = resources.knownConsumable(request.consumableResource);
      const { consumableResourceName, consumableResourceArn } = resource;
      const totalQuantity = updates.isRepeated(clientToken, request)
        ? resource.totalQuantity
        : changed(resource.totalQuantity, request);
      resources.putConsumable({ ...resource, totalQuantity });
      parts.onRoom();
      return { consumableResourceName, consumableResourceArn, totalQuantity };
    },
    deleteconsumableresource(body) {
      const resource = resources.consumable(parse(OneRequest, body).consumableResource);
      if (resource) resources.remove(resource.consumableResourceArn);
      return {};
    },
    describeconsumableresource(body) {
      const resource = resources.knownConsumable(parse(OneRequest, body).consumableResource);
      const { consumedQuantity, ...shown } = resource;
      const inUseQuantity = inUse(resource, heldByJobs());
      const availableQuantity = Math.max(0, resource.totalQuantity - inUseQuantity);
      return { ...shown, inUseQuantity, availableQuantity };
    },
    listconsumableresources(body) {
      const { filters, ...paging } = parse(ListRequest, body);
      const patterns = filters[0]?.values;
      const found = resources.consumables().filter((one) => patterns?.some(isNameOf(one)) ?? true);
      const { items, ...rest } = page(found, paging);
      const held = heldByJobs();
      return { consumableResources: items.map((resource) => summary(resource, held)), ...rest };
    },
  };
}

function changed(total: number, { operation, quantity }: z.infer<typeof UpdateRequest>): number {
  switch (operation) {
    case 'SET':
      return quantity;
    case 'ADD':
      return total + quantity;
    case 'REMOVE':
      if (quantity > total) throw refusal(`quantity ${quantity} is more than the total of ${total}`);
      return total - quantity;
    default:
      return operation satisfies never;
  }
}

/** An update that comes again with the same token and the same content has been made. */
function rememberedUpdates(clock: { now(): number }) {
  const byToken = new Map<string, { readonly request: unknown; readonly atMs: number }>();
  return {
    isRepeated(token: string | undefined, request: unknown): boolean {
      if (token === undefined) return false;
      const known = byToken.get(token);
      if (known && known.atMs > clock.now() - TOKEN_KEPT_MS && isDeepStrictEqual(known.request, request)) {
        return true;
      }
      byToken.set(token, { request, atMs: clock.now() });
      return false;
    },
  };
}

/** Case does not count, and an asterisk at the end stands for anything. */
function isNameOf({ consumableResourceName }: ConsumableResource): (pattern: string) => boolean {
  const name = consumableResourceName.toLowerCase();
  return (pattern) =>
    pattern.endsWith('*')
      ? name.startsWith(pattern.slice(0, -1).toLowerCase())
      : name === pattern.toLowerCase();
}

function summary(resource: ConsumableResource, held: ReadonlyMap<string, number>) {
  const { consumableResourceArn, consumableResourceName, totalQuantity, resourceType } = resource;
  const inUseQuantity = inUse(resource, held);
  return { consumableResourceArn, consumableResourceName, totalQuantity, inUseQuantity, resourceType };
}
