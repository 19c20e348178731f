/** What an operation is about: the next jobs or deliveries that match its filter. */
import { isFinal, type JobRecord } from '../../domain/job/job.ts';
import type { FilteredWork, WorkOf } from '../../domain/operation/operation.ts';
import { type FailureRow, failureRowOf } from '../../domain/reading/failure-row.ts';
import { MAX_EXAMINED } from '../../domain/reading/listing.ts';
import { hasNoInput } from '../../domain/request/array-line.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import { type ListDeliveriesPorts, listDeliveries } from '../resources/list-deliveries.ts';
import { type ListFailuresPorts, listFailures } from '../resources/list-failures.ts';
import { type ListPorts, listJobs } from '../resources/list-jobs.ts';
import type { Refused } from '../resources/refused.ts';
import { type ResourcePorts, resources } from '../resources/resources.ts';

export type Match =
  | { readonly kind: 'redrive'; readonly row: Pick<FailureRow, 'jobId' | 'tenantId'> }
  | { readonly kind: 'cancel'; readonly job: JobRecord }
  | { readonly kind: 'replay'; readonly delivery: Delivery };

export interface Matches {
  readonly kind: 'found';
  readonly matches: readonly Match[];
  readonly examined: number;
  /** Absent: nothing is left. */
  readonly next?: string | undefined;
}

export interface MatchPorts extends ListFailuresPorts, ListPorts, ListDeliveriesPorts, ResourcePorts {
  readonly jobs: ListFailuresPorts['jobs'] & ResourcePorts['jobs'];
  readonly deliveries: ListDeliveriesPorts['deliveries'] & ResourcePorts['deliveries'];
  readonly groups: ResourcePorts['groups'] & Pick<GroupStore, 'members'>;
}

export interface Place {
  readonly limit: number;
  readonly cursor: string | undefined;
}

export function findMatches(ports: MatchPorts, work: FilteredWork, place: Place): Promise<Matches | Refused> {
  switch (work.kind) {
    case 'redrive':
      return work.group === undefined
        ? failuresOf(ports, work, place)
        : failedMembersOf(ports, { ...work, groupId: work.group }, place);
    case 'cancel':
      return jobsOf(ports, work, place);
    case 'replay':
      return deliveriesOf(ports, work, place);
  }
}

async function failuresOf(
  ports: MatchPorts,
  { kind, ...filter }: WorkOf<'redrive'>,
  place: Place,
): Promise<Matches | Refused> {
  const page = await listFailures(ports, filter, place);
  if (page.kind === 'refused') return page;
  const { rows, examined, next } = page;
  return { kind: 'found', matches: rows.map((row) => ({ kind, row })), examined, next };
}

/** As many as are read with one call. */
const MEMBERS_PAGE = 100;

/** In the order of the members, whose ids are the cursor. The list of failures knows no groups. */
async function failedMembersOf(
  ports: MatchPorts,
  { kind, tenantId = '', groupId, ...filter }: WorkOf<'redrive'> & { readonly groupId: string },
  { limit, cursor }: Place,
): Promise<Matches> {
  const page = await ports.groups.members({ tenantId, groupId }, MEMBERS_PAGE, cursor);
  const mine = resources(ports).of(tenantId);
  const ids = page.members.flatMap(({ jobId, membership }) => (membership === 'in' ? [jobId] : []));
  const jobs = new Map((await mine.jobs(ids)).map((job) => [job.jobId, job]));
  const matches: Match[] = [];
  for (const [place, { jobId }] of page.members.entries()) {
    if (matches.length === limit)
      return { kind: 'found', matches, examined: place, next: page.members[place - 1]?.jobId };
    let job = jobs.get(jobId);
    while (job?.redrivenAs !== undefined) job = await mine.job(job.redrivenAs);
    if (job !== undefined && isFailure(job, filter)) matches.push({ kind, row: job });
  }
  return { kind: 'found', matches, examined: page.members.length, next: page.next };
}

function isFailure(
  job: JobRecord,
  { jobType, class: cls, code, fingerprint, sinceMs, untilMs }: Omit<WorkOf<'redrive'>, 'kind' | 'tenantId'>,
): boolean {
  if (job.state !== 'failed' || job.discarded !== undefined || hasNoInput(job)) return false;
  const row = failureRowOf(job, []);
  return (
    row.failedAt >= sinceMs &&
    row.failedAt <= untilMs &&
    (jobType === undefined || row.jobType === jobType) &&
    (cls === undefined || row.class === cls) &&
    (code === undefined || row.code === code) &&
    (fingerprint === undefined || row.fingerprint === fingerprint)
  );
}

async function jobsOf(
  ports: MatchPorts,
  { kind, tenantId, ...filter }: WorkOf<'cancel'>,
  place: Place,
): Promise<Matches | Refused> {
  // Compares the tenant of each job with that of the operation.
  const mine = { ...resources(ports).of(tenantId), tenantId };
  const page = await listJobs(ports, mine, filter, place);
  if (page.kind === 'refused') return page;
  const { jobs, examined, next } = page;
  const unfinished = jobs.filter(({ state }) => !isFinal(state));
  return { kind: 'found', matches: unfinished.map((job) => ({ kind, job })), examined, next };
}

async function deliveriesOf(
  ports: MatchPorts,
  { kind, tenantId, endpointId, ...filter }: WorkOf<'replay'>,
  place: Place,
): Promise<Matches | Refused> {
  const page = await listDeliveries(ports, { tenantId, endpointId }, { ...filter, ...place });
  if (page.kind === 'refused') return page;
  const { deliveries, examined, next } = page;
  return { kind: 'found', matches: deliveries.map((delivery) => ({ kind, delivery })), examined, next };
}

export interface Preview {
  readonly kind: 'preview';
  /** Of those that were examined. */
  readonly matches: number;
  readonly examined: number;
  readonly more: boolean;
}

/** Counts what an operation would act on, and does nothing. */
export async function previewOperation(ports: MatchPorts, work: FilteredWork): Promise<Preview | Refused> {
  const found = await findMatches(ports, work, { limit: MAX_EXAMINED, cursor: undefined });
  if (found.kind === 'refused') return found;
  const { matches, examined, next } = found;
  return { kind: 'preview', matches: matches.length, examined, more: next !== undefined };
}
