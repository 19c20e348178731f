/** Tenants and their endpoints in the table. */
import { type DynamoDBDocumentClient, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Endpoint, Tenant } from '../domain/tenant.ts';
import { systemChance } from './clock.ts';
import { table } from './table.ts';

export interface TenantStore {
  /** An id without a tenant is absent from the map. */
  load(tenantIds: readonly string[]): Promise<ReadonlyMap<string, Tenant>>;
  endpoints(tenantId: string): Promise<readonly Endpoint[]>;
  put(tenant: Tenant): Promise<void>;
  putEndpoint(endpoint: Endpoint): Promise<void>;
  disableEndpoint(tenantId: string, endpointId: string, reason: string): Promise<void>;
}

export function tenantStore(db: DynamoDBDocumentClient, tableName: string): TenantStore {
  const items = table(db, tableName, systemChance);
  return {
    async load(tenantIds) {
      const stored = await items.getAll(tenantIds.map(tenantKey));
      return new Map(stored.map((item) => Tenant.parse(item)).map((tenant) => [tenant.tenantId, tenant]));
    },

    async endpoints(tenantId) {
      const { Items = [] } = await db.send(
        new QueryCommand({
          TableName: tableName,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
          ExpressionAttributeValues: { ':pk': tenantKey(tenantId).pk, ':prefix': 'ENDPOINT#' },
        }),
      );
      return Items.map((item) => Endpoint.parse(item));
    },

    async put(tenant) {
      // Twice: the same tenant is written again.
      await db.send(
        new PutCommand({ TableName: tableName, Item: { ...tenantKey(tenant.tenantId), ...tenant } }),
      );
    },

    async putEndpoint(endpoint) {
      // Twice: the same endpoint is written again.
      const Key = endpointKey(endpoint.tenantId, endpoint.endpointId);
      await db.send(new PutCommand({ TableName: tableName, Item: { ...Key, ...endpoint } }));
    },

    async disableEndpoint(tenantId, endpointId, reason) {
      await db.send(
        new UpdateCommand({
          TableName: tableName,
          Key: endpointKey(tenantId, endpointId),
          UpdateExpression: 'SET disabledReason = if_not_exists(disabledReason, :reason)',
          // Twice: the first reason stays. A removed endpoint must not come back as an empty one.
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':reason': reason },
        }),
      );
    },
  };
}

function tenantKey(tenantId: string): { pk: string; sk: string } {
  return { pk: `TENANT#${tenantId}`, sk: 'TENANT' };
}

function endpointKey(tenantId: string, endpointId: string): { pk: string; sk: string } {
  return { pk: tenantKey(tenantId).pk, sk: `ENDPOINT#${endpointId}` };
}
