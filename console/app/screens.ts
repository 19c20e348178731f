/** The sections of the console: their paths, their names, and the keys that lead to them after `g`. */
import type { ComponentType } from 'preact';
import { Cost } from '../cost/cost.tsx';
import { Failures } from '../failures/failures.tsx';
import { Group } from '../groups/group.tsx';
import { Groups } from '../groups/groups.tsx';
import { Health } from '../health/health.tsx';
import { Job } from '../jobs/job.tsx';
import { Jobs } from '../jobs/list.tsx';
import { Keys } from '../keys/keys.tsx';
import { Operations } from '../operations/operations.tsx';
import { Overview } from '../overview/overview.tsx';
import { Schedules } from '../schedules/schedules.tsx';
import { Tenant } from '../tenants/tenant.tsx';
import { Tenants } from '../tenants/tenants.tsx';
import { Delivery } from '../webhooks/delivery.tsx';
import { Endpoint } from '../webhooks/endpoint.tsx';
import { Webhooks } from '../webhooks/webhooks.tsx';

export interface Section {
  readonly path: string;
  readonly name: string;
  readonly key: string;
  readonly screen: ComponentType;
}

export const sections: readonly Section[] = [
  { path: '/', name: 'Overview', key: 'o', screen: Overview },
  { path: '/jobs', name: 'Jobs', key: 'j', screen: Jobs },
  { path: '/failures', name: 'Failures', key: 'f', screen: Failures },
  { path: '/groups', name: 'Groups', key: 'r', screen: Groups },
  { path: '/tenants', name: 'Tenants', key: 't', screen: Tenants },
  { path: '/webhooks', name: 'Webhooks', key: 'w', screen: Webhooks },
  { path: '/schedules', name: 'Schedules', key: 's', screen: Schedules },
  { path: '/operations', name: 'Operations', key: 'p', screen: Operations },
  { path: '/keys', name: 'Keys', key: 'k', screen: Keys },
  { path: '/cost', name: 'Cost', key: 'c', screen: Cost },
  { path: '/health', name: 'Health', key: 'h', screen: Health },
];

/** Screens of one thing. */
export const details: readonly Pick<Section, 'path' | 'screen'>[] = [
  { path: '/jobs/:jobId', screen: Job },
  { path: '/groups/:tenantId/:groupId', screen: Group },
  { path: '/tenants/:tenantId', screen: Tenant },
  { path: '/webhooks/:tenantId/:endpointId', screen: Endpoint },
  { path: '/deliveries/:tenantId/:deliveryId', screen: Delivery },
];
