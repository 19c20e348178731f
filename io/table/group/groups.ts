/**
 * The groups of tenants in the table: one item each, and one for each job that asked to be a member, in the same partition.
 *
 * The partition is the group's own and not its tenant's: the door for tenants may write groups, and none of a tenant's settings.
 */
import * as z from 'zod';
import { Group, type GroupName } from '../../../domain/group/group.ts';
import type { Member, Membership } from '../../../domain/group/member.ts';
import { GroupId, TenantId } from '../../../domain/job/ids.ts';
import { dueAttributes } from '../due/turns.ts';
import { readRow } from '../rows.ts';
import type { Attributes, Key, Table } from '../table.ts';

export interface GroupStore {
  /** @throws RowUnreadable */
  get(name: GroupName): Promise<Group | undefined>;
  /** `lost`: there is one of this name. */
  create(group: Group): Promise<'written' | 'lost'>;
  /** Puts `next` in place of `seen`. `lost`: it was changed meanwhile; read again and decide again. */
  replace(seen: Group, next: Group): Promise<'written' | 'lost'>;
  /** Leaves the row of a job that asks to be a member, unless there is one. @returns what the row says */
  ask(name: GroupName, member: Pick<Member, 'jobId' | 'at'>): Promise<Membership>;
  /** Decides an open row; one that was decided before stays. @returns what the row says then */
  decide(name: GroupName, jobId: string, membership: Exclude<Membership, 'open'>): Promise<Membership>;
  /** In the order of the ids of the jobs, read consistently. @param after the last of the page before */
  members(name: GroupName, limit: number, after?: string): Promise<MemberPage>;
  /** Notes that an item of an array has failed, once. @returns whether more than `most` have */
  noteFailed(name: GroupName, item: FailedItem): Promise<boolean>;
  /** How many jobs are members. Each row is read. */
  count(name: GroupName): Promise<number>;
}

export interface FailedItem {
  /** Its place in the array. */
  readonly index: number;
  /** No more are noted than one more than this. */
  readonly most: number;
  readonly at: number;
}

export interface MemberPage {
  readonly members: readonly Member[];
  /** Absent on the last page. */
  readonly next?: string;
}

const StoredMember = z.object({ sk: z.string(), membership: z.enum(['open', 'in', 'out']), at: z.number() });

export function groupStore(items: Table): GroupStore {
  const get = async (name: GroupName) => {
    const item = await items.get(groupKey(name));
    return item && groupOf(name, item);
  };
  return {
    get,

    async create(group) {
      // Idempotent: a repeat finds the item.
      return (await items.insert(groupKey(group), attributesOf(group))) === undefined ? 'written' : 'lost';
    },

    replace(seen, next) {
      // With all attributes of the index that a failure of reconcile may have changed. Idempotent: the first write raises
      // the version, so a repeat is refused.
      const from = { ...attributesOf(seen), dueSlice: '', dueTurn: '', dueAt: '' };
      return items.change(groupKey(seen), { from, to: attributesOf(next) }, { version: seen.version });
    },

    async ask(name, { jobId, at }) {
      const expiresAt = Math.ceil((at + KEPT_MS) / 1000);
      // Idempotent: a repeat finds the row, decided or not.
      const stored = await items.insert(memberKey(name, jobId), { membership: 'open', at, expiresAt });
      return stored === undefined ? 'open' : membershipIn(stored);
    },

    async decide(name, jobId, membership) {
      const key = memberKey(name, jobId);
      // Idempotent: a repeat finds that the row is decided.
      const written = await items.update(key, {
        update: 'SET membership = :membership',
        condition: 'membership = :open',
        values: { ':membership': membership, ':open': 'open' },
      });
      return written ? membership : membershipIn((await items.get(key)) ?? {});
    },

    async members(name, limit, after) {
      const page = await items.query({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        values: { ':pk': groupPartition(name), ':prefix': MEMBER },
        limit,
        after: after === undefined ? undefined : { ...memberKey(name, after) },
      });
      const members = page.items.map((item) => {
        const { sk, membership, at } = readRow(StoredMember, item);
        return { jobId: sk.slice(MEMBER.length), membership, at };
      });
      const last = members.at(-1);
      return { members, ...(page.next === undefined || last === undefined ? {} : { next: last.jobId }) };
    },

    async noteFailed(name, { index, most, at }) {
      const key = { pk: groupPartition(name), sk: 'FAILED' };
      // Idempotent: a set has each place once. It grows no further than to the number that matters.
      await items.update(key, {
        update: 'ADD places :place SET expiresAt = if_not_exists(expiresAt, :expiresAt)',
        condition: 'attribute_not_exists(places) OR size(places) <= :most',
        values: {
          ':place': new Set([index]),
          ':most': most,
          ':expiresAt': Math.ceil((at + KEPT_MS) / 1000),
        },
      });
      const places = (await items.get(key))?.['places'];
      return places instanceof Set && places.size > most;
    },

    count: (name) =>
      items.countItems({
        condition: 'pk = :pk AND begins_with(sk, :prefix)',
        filter: 'membership = :in',
        values: { ':pk': groupPartition(name), ':prefix': MEMBER, ':in': 'in' },
      }),
  };
}

const MEMBER = 'M#';
/** Longer than a job may wait and run, so that a redrive of a member finds its group. */
export const KEPT_MS = 400 * 86_400_000;

export const groupPartition = ({ tenantId, groupId }: GroupName): string => `GROUP#${tenantId}#${groupId}`;

export const groupKey = (name: GroupName): Key => ({ pk: groupPartition(name), sk: 'GROUP' });

const memberKey = (name: GroupName, jobId: string): Key => ({
  pk: groupPartition(name),
  sk: `${MEMBER}${jobId}`,
});

/** @returns undefined for any other item */
export function parseGroupKey({ pk, sk }: Key): GroupName | undefined {
  const [kind, tenant, group] = pk.split('#');
  if (kind !== 'GROUP' || sk !== 'GROUP') return undefined;
  const tenantId = TenantId.safeParse(tenant).data;
  const groupId = GroupId.safeParse(group).data;
  return tenantId === undefined || groupId === undefined ? undefined : { tenantId, groupId };
}

/** In the index of a tenant's jobs the groups are a list of their own: no tenant has a name with this sign. */
export const listOf = (tenantId: string): string => `${tenantId}#groups`;

/** The names are in the key alone: the attribute `tenantId` is the list in which the index has the group. */
function attributesOf({ tenantId, groupId, ...group }: Group): Attributes {
  return {
    ...group,
    tenantId: listOf(tenantId),
    ...dueAttributes(`${tenantId} ${groupId}`, { kind: 'group', tenantId, dueAt: group.dueAt }),
    expiresAt: Math.ceil((group.changedAt + KEPT_MS) / 1000),
  };
}

export const groupOf = (name: GroupName, item: Attributes): Group => readRow(Group, { ...item, ...name });

const membershipIn = (item: Attributes): Membership =>
  StoredMember.shape.membership.safeParse(item['membership']).data ?? 'out';
