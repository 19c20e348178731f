/** The screen of groups: jobs that are one thing to their sender, and how far each is. */
import { useLocation } from 'wouter';
import type { Group } from '../api/schema.ts';
import { Empty, Loaded } from '../parts/loaded.tsx';
import { Partly } from '../parts/partly.tsx';
import { Rows } from '../parts/rows.tsx';
import type { Column } from '../parts/table.tsx';
import { Name } from '../parts/text.tsx';
import { Ago } from '../parts/time.tsx';
import { countText, plural } from '../parts/words.ts';
import { OfTenants } from '../tenants/of-tenants.tsx';
import { PAGE, useGroups } from './queries.ts';
import { GroupState } from './state.tsx';
import { groupPath, membersText } from './words.ts';

const MAX_TENANTS = 12;

export const Groups = () => <OfTenants title="Groups">{(ids) => <Of ids={ids} />}</OfTenants>;

const columns: readonly Column<Group>[] = [
  { head: 'State', class: 'state-cell', cell: (group) => <GroupState group={group} /> },
  {
    head: 'Group',
    class: 'key',
    cell: ({ tenantId, group }) => (
      <a href={`/console${groupPath(tenantId, group)}`}>
        <Name text={group} />
      </a>
    ),
  },
  { head: 'Tenant', class: 'minor', cell: ({ tenantId }) => <Name text={tenantId} /> },
  { head: 'Members', class: 'wide', cell: membersText },
  { head: 'Made', class: 'n', cell: ({ createdAt }) => <Ago at={createdAt} /> },
];

function Of({ ids }: { ids: readonly string[] }) {
  const shown = ids.slice(0, MAX_TENANTS);
  const reads = useGroups(shown);
  const [, navigate] = useLocation();
  const groups = reads
    .flatMap(({ data }) => data ?? [])
    .toSorted((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  const failed = reads.find(({ error }) => error !== null);
  if (groups.length === 0 && failed !== undefined)
    return (
      <Loaded read={failed} what="groups">
        {() => null}
      </Loaded>
    );
  if (groups.length === 0)
    return reads.some(({ data }) => data === undefined) ? (
      <p class="waiting-for quiet">Reading groups…</p>
    ) : (
      <Empty>
        No groups. A job with <code>group</code> in its message makes one.
      </Empty>
    );
  return (
    <>
      <Partly reads={reads} what="groups" />
      <Rows
        label="Groups"
        rows={groups}
        columns={columns}
        keyOf={({ tenantId, group }) => `${tenantId} ${group}`}
        onOpen={({ tenantId, group }) => navigate(groupPath(tenantId, group))}
      />
      <p class="foot quiet">
        The newest {countText(PAGE)} of each tenant
        {ids.length > shown.length && `, of the first ${shown.length} of ${plural(ids.length, 'tenant')}`}.
      </p>
    </>
  );
}
