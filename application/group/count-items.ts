/** The items of an array that are in an object are counted before the first job is made: its end needs to know of how many. */
import { groupMessage } from '../../domain/batch/messages.ts';
import { type ArrayFailure, type ArrayPart, MAX_ITEMS } from '../../domain/group/array.ts';
import type { Group } from '../../domain/group/group.ts';
import { counted, unmade } from '../../domain/group/growth.ts';
import { quotaProblem } from '../../domain/request/admission.ts';
import { policyOf, type TenantDefaults } from '../../domain/tenant/policy.ts';
import type { ItemObjects } from '../../io/aws/item-objects.ts';
import type { Queue } from '../../io/aws/queues.ts';
import type { GateStore } from '../../io/table/gates.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { TenantStore } from '../../io/table/tenants.ts';
import { together } from '../apart.ts';
import { backlogCounter, type QuotaPorts } from '../intake/quota.ts';

export interface CountPorts extends QuotaPorts {
  readonly groups: Pick<GroupStore, 'replace'>;
  readonly itemObjects: ItemObjects;
  readonly tenants: Pick<TenantStore, 'load'>;
  readonly gates: Pick<GateStore, 'load'>;
  readonly defaults: TenantDefaults;
  readonly submitQueue: Queue;
}

export const itemsMissing: ArrayFailure = {
  code: 'array_items_missing',
  message: 'Expected an object at itemsRef, unchanged until its jobs are made, found none.',
};

/** May be repeated: an array that was counted, or cancelled meanwhile, stays as it is. @throws when the bucket does not answer */
export async function countItems(ports: CountPorts, group: Group, array: ArrayPart): Promise<void> {
  const { tenantId, groupId, closedAt } = group;
  const nowMs = ports.clock.nowMs();
  const next =
    closedAt === undefined ? await readItems(ports, group, array) : unmade(group, array, undefined, nowMs);
  const written = await ports.groups.replace(group, next);
  const { items = 0, failure } = next.array ?? {};
  ports.log.info(`group:count:${failure?.code ?? written}`, { tenantId, groupId, count: items });
  // Also after a lost write: the message of the winner may be lost with its process, and one too many finds nothing to do.
  await ports.submitQueue.send([groupMessage(group)]);
}

async function readItems(ports: CountPorts, group: Group, array: ArrayPart): Promise<Group> {
  const found = await ports.itemObjects.count(array.itemsRef ?? '', MAX_ITEMS);
  const nowMs = ports.clock.nowMs();
  if (found === undefined) return unmade(group, array, itemsMissing, nowMs);
  const { items, lines } = found;
  const failure = numberProblem(items) ?? (await admissionProblem(ports, group.tenantId, items));
  return failure === undefined
    ? counted(group, array, items, lines, nowMs)
    : unmade(group, array, failure, nowMs);
}

function numberProblem(items: number): ArrayFailure | undefined {
  if (items === 0)
    return { code: 'array_empty', message: 'Expected at least one line in the object, found none.' };
  if (items <= MAX_ITEMS) return undefined;
  return {
    code: 'array_too_large',
    message: `Expected at most ${MAX_ITEMS} lines in the object, found more.`,
  };
}

/** What admission could not know when the request came. */
async function admissionProblem(
  ports: CountPorts,
  tenantId: string,
  items: number,
): Promise<ArrayFailure | undefined> {
  const [tenants, gates] = await together([ports.tenants.load([tenantId]), ports.gates.load([tenantId])]);
  const policy = policyOf(tenants.get(tenantId), ports.defaults);
  if (policy === undefined)
    return { code: 'tenant_unknown', message: 'The tenant is not registered any more.' };
  const backlogs = await backlogCounter(ports)(gates, () => policy.waitingQuota);
  const why = quotaProblem(policy, (backlogs.get(tenantId) ?? 0) + items - 1);
  return why && { code: 'quota_waiting', message: why.message };
}
