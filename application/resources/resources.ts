/**
 * The only way from a caller's id to a stored thing. Each noun is read for one tenant, and what belongs to another tenant, or
 * lies outside of what the credential was narrowed to, is `undefined` like what does not exist: a caller cannot tell them
 * apart.
 */
import { type Narrowing, NOT_NARROWED, reaches } from '../../domain/access/narrowing.ts';
import type { Group } from '../../domain/group/group.ts';
import { GROUP_ID, JOB_ID } from '../../domain/job/ids.ts';
import type { JobRecord } from '../../domain/job/job.ts';
import { type Delivery, DeliveryName } from '../../domain/webhook/delivery.ts';
import { EndpointId } from '../../domain/webhook/endpoint.ts';
import type { DeliveryStore } from '../../io/table/deliveries.ts';
import type { EndpointStore, KnownEndpoint } from '../../io/table/endpoints.ts';
import type { GroupStore } from '../../io/table/group/groups.ts';
import type { JobStore } from '../../io/table/jobs.ts';

export interface ResourcePorts {
  readonly jobs: Pick<JobStore, 'get' | 'load'>;
  readonly groups: Pick<GroupStore, 'get'>;
  readonly endpoints: Pick<EndpointStore, 'list'>;
  readonly deliveries: Pick<DeliveryStore, 'get'>;
}

/** What one caller reaches. */
export interface Mine {
  /** Absent for an operator who named no tenant. */
  readonly tenantId: string | undefined;
  job(jobId: string): Promise<JobRecord | undefined>;
  /** In the order of the ids, without those that are not there, not the caller's, or not readable by this version. */
  jobs(jobIds: readonly string[]): Promise<readonly JobRecord[]>;
  group(groupId: string): Promise<Group | undefined>;
  endpoints(): Promise<readonly KnownEndpoint[]>;
  endpoint(endpointId: string): Promise<KnownEndpoint | undefined>;
  delivery(name: Omit<DeliveryName, 'tenantId'>): Promise<Delivery | undefined>;
}

export interface Resources {
  of(tenantId: string, narrowing?: Narrowing): Mine;
  /** For operators, who are known by IAM. */
  ofEveryTenant(): Mine;
}

export function resources(ports: ResourcePorts): Resources {
  return {
    of: (tenantId, narrowing = NOT_NARROWED) => reached(ports, tenantId, narrowing),
    ofEveryTenant: () => reached(ports, undefined, NOT_NARROWED),
  };
}

function reached(ports: ResourcePorts, tenantId: string | undefined, narrowing: Narrowing): Mine {
  const isMine = (job: JobRecord | undefined): job is JobRecord =>
    job !== undefined && (tenantId === undefined || job.tenantId === tenantId) && reaches(narrowing, job);
  const endpoints = async () => (tenantId === undefined ? [] : ports.endpoints.list(tenantId));
  return {
    tenantId,
    async job(jobId) {
      if (!JOB_ID.test(jobId)) return undefined;
      const job = await ports.jobs.get(jobId);
      return isMine(job) ? job : undefined;
    },
    async jobs(jobIds) {
      const stored = await ports.jobs.load(jobIds.filter((id) => JOB_ID.test(id)));
      return jobIds.map((id) => readable(stored, id)).filter(isMine);
    },
    async group(groupId) {
      if (tenantId === undefined || !GROUP_ID.test(groupId)) return undefined;
      return ports.groups.get({ tenantId, groupId });
    },
    endpoints,
    async endpoint(endpointId) {
      if (!EndpointId.safeParse(endpointId).success) return undefined;
      return (await endpoints()).find(({ endpoint }) => endpoint.endpointId === endpointId);
    },
    async delivery(name) {
      const named = DeliveryName.safeParse({ ...name, tenantId });
      return named.success ? ports.deliveries.get(named.data) : undefined;
    },
  };
}

/** In a list one record that this version cannot read must not hide the others. */
function readable(stored: ReadonlyMap<string, JobRecord>, jobId: string): JobRecord | undefined {
  try {
    return stored.get(jobId);
  } catch {
    return undefined;
  }
}
