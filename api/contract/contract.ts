/** Every operation, by its id. */
import { endpointReadOperations, endpointSetupOperations } from './endpoints.ts';
import { erasureOperations } from './erasure.ts';
import { failedJobOperations } from './failed-jobs.ts';
import { groupOperations } from './groups.ts';
import { jobOperations } from './jobs.ts';
import { keyOperations } from './keys.ts';
import { logOperations } from './logs.ts';
import { isForTenants, type Operation } from './operation.ts';
import { bulkOperations } from './operations.ts';
import { scheduleOperations } from './schedules.ts';
import { serviceOperations } from './service.ts';
import { tenantOperations } from './tenants.ts';
import { upkeepOperations } from './upkeep.ts';
import { usageOperations } from './usage.ts';

export const contract = {
  ...jobOperations,
  ...logOperations,
  ...failedJobOperations,
  ...bulkOperations,
  ...groupOperations,
  ...endpointReadOperations,
  ...endpointSetupOperations,
  ...tenantOperations,
  ...erasureOperations,
  ...usageOperations,
  ...scheduleOperations,
  ...keyOperations,
  ...upkeepOperations,
  ...serviceOperations,
};

export type OperationId = keyof typeof contract;
export const operationIds = Object.keys(contract) as OperationId[]; // its own keys

/** The operations that the door for tenants has. */
export type TenantOperationId = {
  [Id in OperationId]: (typeof contract)[Id]['access'] extends { readonly kind: 'operator' } ? never : Id;
}[OperationId];
export const tenantOperationIds = operationIds.filter((id): id is TenantOperationId =>
  isForTenants(contract[id]),
);

export const operationOf = (id: OperationId): Operation => contract[id];
