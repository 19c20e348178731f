/** Whether a job waits, through others that wait, for itself. */
import { groupNamed } from '../../domain/dependency/dependency.ts';
import type { GroupName } from '../../domain/group/group.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';
import { together } from '../apart.ts';
import { awaitedBy } from '../job/identity.ts';

/** Beyond so many the search stops; a circle that is larger ends by the time that its jobs give to those that they wait for. */
const MAX_READ = 1000;

interface CirclePorts {
  readonly jobs: Pick<JobStore, 'stored' | 'whole'>;
  readonly groups: Pick<GroupStore, 'members'>;
}

/** @param others the names of what it waits for: jobs, and groups, which wait for their members */
export async function waitsForItself(
  ports: CirclePorts,
  { jobId, tenantId }: JobRecord,
  others: readonly string[],
): Promise<boolean> {
  const seen = new Set(others);
  let fresh = others;
  while (fresh.length > 0) {
    const next = await together(fresh.map((name) => leadingFrom(ports, tenantId, name)));
    fresh = [...new Set(next.flat())].filter((name) => !seen.has(name));
    if (fresh.includes(jobId)) return true;
    if (seen.size + fresh.length > MAX_READ) return false;
    for (const name of fresh) seen.add(name);
  }
  return false;
}

async function membersOf({ groups }: CirclePorts, name: GroupName): Promise<readonly string[]> {
  const found: string[] = [];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page = await groups.members(name, MAX_READ, after);
    found.push(...page.members.flatMap(({ jobId, membership }) => (membership === 'out' ? [] : [jobId])));
    after = found.length > MAX_READ ? undefined : page.next;
  }
  return found;
}

async function leadingFrom(ports: CirclePorts, tenantId: string, name: string): Promise<readonly string[]> {
  const groupId = groupNamed(name);
  if (groupId !== undefined) return membersOf(ports, { tenantId, groupId });
  const found = await ports.jobs.stored(name);
  if (found.kind !== 'job' || found.job.tenantId !== tenantId) return [];
  const { job } = found;
  if (job.redrivenAs !== undefined) return [job.redrivenAs];
  return job.state === 'blocked' ? awaitedBy(await ports.jobs.whole(job)).map((awaited) => awaited.name) : [];
}
