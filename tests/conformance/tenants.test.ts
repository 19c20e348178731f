/** What every world must keep of tenants and their endpoints. */
import { expect } from '@jest/globals';
import type { Endpoint, Tenant } from '../../domain/tenant.ts';
import { onEachTarget } from './targets.ts';

const tenants: readonly Tenant[] = [
  { tenantId: 'acme', status: 'active' },
  { tenantId: 'acme-2', status: 'suspended', jobTypes: ['report.render'] },
];
const endpoint = (tenantId: string, endpointId: string): Endpoint => ({
  tenantId,
  endpointId,
  url: `https://${tenantId}.example/${endpointId}`,
  events: ['job.succeeded'],
  secrets: [`whsec_${'A'.repeat(32)}`],
});
const endpoints = [endpoint('acme', 'whe_b'), endpoint('acme', 'whe_a'), endpoint('acme-2', 'whe_a')];
const byId = (a: Endpoint, b: Endpoint) => (a.endpointId < b.endpointId ? -1 : 1);

onEachTarget((open, test) => {
  const store = async () => (await open({ tenants, endpoints })).process().tenants;

  test('tenants are read together; an id without one is left out', async () => {
    const read = await (await store()).load(['acme', 'nobody', 'acme-2', 'acme']);
    expect(read).toEqual(new Map(tenants.map((tenant) => [tenant.tenantId, tenant])));
  });

  test('a tenant has its own endpoints, and none of a tenant whose name begins alike', async () => {
    const own = await (await store()).endpoints('acme');
    expect(own.toSorted(byId)).toEqual(endpoints.slice(0, 2).toSorted(byId));
    expect(await (await store()).endpoints('nobody')).toEqual([]);
  });

  test('an endpoint that was disabled says why; the first reason stays', async () => {
    const all = await store();
    await all.disableEndpoint('acme', 'whe_a', 'gone');
    await all.disableEndpoint('acme', 'whe_a', 'again');
    const read = (await all.endpoints('acme')).toSorted(byId);
    expect(read).toEqual([
      { ...endpoint('acme', 'whe_a'), disabledReason: 'gone' },
      endpoint('acme', 'whe_b'),
    ]);
  });

  test('an endpoint that was removed does not come back by being disabled', async () => {
    const all = await store();
    await all.disableEndpoint('acme', 'whe_removed', 'gone');
    expect(await all.endpoints('acme')).toHaveLength(2);
  });
});
