/** The groups of a tenant in the index of its jobs, where they are a list of another name. Only doors read it. */
import type { Group } from '../../../domain/group/group.ts';
import { readEach } from '../rows.ts';
import type { Attributes, Page, Table } from '../table.ts';
import { groupKey, groupOf, groupPartition, listOf, parseGroupKey } from './groups.ts';

export interface GroupLists {
  /** The newest first; the index lags, and one of the last second may be missing. */
  list(tenantId: string, limit: number, after?: GroupPlace): Promise<GroupPage>;
}

/** Where a group is in the list of its tenant. */
export interface GroupPlace {
  readonly groupId: string;
  readonly createdAt: number;
}

export interface GroupPage {
  readonly groups: readonly Group[];
  readonly hasMore: boolean;
}

export function groupLists(items: Table): GroupLists {
  return {
    async list(tenantId, limit, after) {
      const page: Page = await items.query({
        index: 'byTenant',
        condition: 'tenantId = :list',
        values: { ':list': listOf(tenantId) },
        newestFirst: true,
        limit,
        after: after && {
          ...groupKey({ tenantId, ...after }),
          tenantId: listOf(tenantId),
          createdAt: after.createdAt,
        },
      });
      const names = page.items.flatMap(
        ({ pk, sk }) => parseGroupKey({ pk: String(pk), sk: String(sk) }) ?? [],
      );
      const stored = await items.getAll(names.map(groupKey));
      const byKey = new Map(stored.map((item) => [String(item['pk']), item]));
      const found = names.flatMap((name): Attributes[] => {
        const item = byKey.get(groupPartition(name));
        return item === undefined ? [] : [item];
      });
      // One that this version cannot read must not hide the others.
      const { rows } = readEach(found, (item) => groupOf({ tenantId, groupId: groupIdIn(item) }, item));
      return { groups: rows, hasMore: page.next !== undefined };
    },
  };
}

const groupIdIn = ({ pk }: Attributes): string => String(pk).split('#')[2] ?? '';
