/** The groups of a tenant, and the members of one, a page at a time. */
import { problem } from '../../domain/errors.ts';
import type { Group } from '../../domain/group/group.ts';
import { GROUP_ID, JOB_ID } from '../../domain/job/ids.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { decoded, encoded } from '../../domain/reading/cursor.ts';
import type { GroupLists } from '../../io/table/group/group-lists.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { Refused } from './refused.ts';
import type { Mine } from './resources.ts';

export interface ListGroupsPorts {
  readonly groups: Pick<GroupStore, 'members'>;
  readonly groupLists: GroupLists;
}

interface PageOf<Item> {
  readonly kind: 'page';
  readonly items: readonly Item[];
  /** Continues the list; absent at its end. */
  readonly next?: string;
}

interface Asked {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** These lists have no filter. */
const NO_FILTER = 0;

/** The newest first. The index lags, so a group of the last second may be missing. */
export async function listGroups(
  { groupLists }: Pick<ListGroupsPorts, 'groupLists'>,
  tenantId: string,
  { limit, cursor }: Asked,
): Promise<PageOf<Group> | Refused> {
  const start = cursor === undefined ? undefined : decoded(cursor, GROUP_ID);
  if (cursor !== undefined && start === undefined) return cursorInvalid;
  const after = start && { groupId: start.id, createdAt: start.at };
  const page = await groupLists.list(tenantId, limit, after);
  const last = page.groups.at(-1);
  const hasNext = page.hasMore && last !== undefined;
  const next = hasNext ? { next: encoded({ at: last.createdAt, id: last.groupId, f: NO_FILTER }) } : {};
  return { kind: 'page', items: page.groups, ...next };
}

export interface ListedMember {
  readonly jobId: string;
  readonly job: JobRecord | undefined;
}

/** In the order of their ids, each with its job. Those that came too late are left out, so a page may have fewer. */
export async function listMembers(
  { groups }: Pick<ListGroupsPorts, 'groups'>,
  mine: Pick<Mine, 'jobs'>,
  group: Group,
  { limit, cursor }: Asked,
): Promise<PageOf<ListedMember> | Refused> {
  const start = cursor === undefined ? undefined : decoded(cursor, JOB_ID);
  if (cursor !== undefined && start === undefined) return cursorInvalid;
  const page = await groups.members(group, limit, start?.id);
  const ids = page.members.flatMap(({ jobId, membership }) => (membership === 'in' ? [jobId] : []));
  const jobs = new Map((await mine.jobs(ids)).map((job) => [job.jobId, job]));
  const next = page.next === undefined ? {} : { next: encoded({ at: 0, id: page.next, f: NO_FILTER }) };
  return { kind: 'page', items: ids.map((jobId) => ({ jobId, job: jobs.get(jobId) })), ...next };
}

const cursorInvalid: Refused = {
  kind: 'refused',
  problem: problem('cursor_invalid', '/cursor', 'Expected the cursor of the page before.'),
};
