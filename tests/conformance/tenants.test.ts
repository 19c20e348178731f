/** What every world must keep of tenants and their endpoints. */
import { expect } from '@jest/globals';
import type { Endpoint } from '../../domain/endpoint.ts';
import type { Tenant } from '../../domain/tenant.ts';
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
  const ports = async () => (await open({ tenants, endpoints })).process();

  test('tenants are read together; an id without one is left out', async () => {
    const read = await (await ports()).tenants.load(['acme', 'nobody', 'acme-2', 'acme']);
    expect(read).toEqual(new Map(tenants.map((tenant) => [tenant.tenantId, tenant])));
  });

  test('a tenant has its own endpoints, and none of a tenant whose name begins alike', async () => {
    const own = await (await ports()).endpoints.list('acme');
    expect(own.toSorted(byId)).toEqual(endpoints.slice(0, 2).toSorted(byId));
    expect(await (await ports()).endpoints.list('nobody')).toEqual([]);
  });

  test('an endpoint that was disabled says why; the first reason stays', async () => {
    const { endpoints: all } = await ports();
    await all.disable('acme', 'whe_a', 'gone');
    await all.disable('acme', 'whe_a', 'again');
    const read = (await all.list('acme')).toSorted(byId);
    expect(read).toEqual([
      { ...endpoint('acme', 'whe_a'), disabledReason: 'gone' },
      endpoint('acme', 'whe_b'),
    ]);
  });

  test('an endpoint that was removed does not come back by being disabled', async () => {
    const { endpoints: all } = await ports();
    await all.disable('acme', 'whe_removed', 'gone');
    expect(await all.list('acme')).toHaveLength(2);
  });
});
