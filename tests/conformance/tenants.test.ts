/** What every backend must keep of tenants and their endpoints. */
import { expect } from '@jest/globals';
import type { Tenant } from '../../domain/tenant/tenant.ts';
import type { Endpoint } from '../../domain/webhook/endpoint.ts';
import type { EndpointHealth } from '../../domain/webhook/endpoint-health.ts';
import type { KnownEndpoint } from '../../io/table/endpoints.ts';
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
  payload: 'standard',
  keys: [{ scheme: 'v1', sealed: 'c2VhbGVk' }],
});
const endpoints = [endpoint('acme', 'whe_b'), endpoint('acme', 'whe_a'), endpoint('acme-2', 'whe_a')];
const byId = (a: KnownEndpoint, b: KnownEndpoint) => (a.endpoint.endpointId < b.endpoint.endpointId ? -1 : 1);
const untroubled = (endpoint: Endpoint): KnownEndpoint => ({ endpoint, health: undefined });
const WHE_A = { tenantId: 'acme', endpointId: 'whe_a' };

onEachTarget((open, test) => {
  const ports = async () => (await open({ tenants, endpoints })).process();

  test('tenants are read together; an id without one is left out', async () => {
    const read = await (await ports()).tenants.load(['acme', 'initrode', 'acme-2', 'acme']);
    expect(read).toEqual(new Map(tenants.map((tenant) => [tenant.tenantId, tenant])));
  });

  test('a tenant has its own endpoints, and none of a tenant whose name begins alike', async () => {
    const { endpoints: all } = await ports();
    const own = (await all.list('acme')).toSorted(byId);
    expect(own).toEqual(endpoints.slice(0, 2).map(untroubled).toSorted(byId));
    expect(await all.list('initrode')).toEqual([]);
    expect(await all.get(WHE_A)).toEqual(endpoint('acme', 'whe_a'));
  });

  test('a change is decided on what is stored, and one endpoint alone is changed', async () => {
    const { endpoints: all } = await ports();
    const because = (reason: string) => (stored: Endpoint) =>
      stored.disabled === undefined ? { ...stored, disabled: { reason, atMs: 1 } } : undefined;
    const gone = { ...endpoint('acme', 'whe_a'), disabled: { reason: 'gone', atMs: 1 } };
    expect(await all.change(WHE_A, because('gone'))).toEqual(gone);
    expect(await all.change(WHE_A, because('again'))).toEqual(gone);
    const read = (await all.list('acme')).toSorted(byId);
    expect(read).toEqual([gone, endpoint('acme', 'whe_b')].map(untroubled));
  });

  test('an endpoint that was removed does not come back by being changed', async () => {
    const { endpoints: all } = await ports();
    const removed = { tenantId: 'acme', endpointId: 'whe_removed' };
    expect(await all.change(removed, (stored) => ({ ...stored, events: ['job.failed'] }))).toBeUndefined();
    expect(await all.list('acme')).toHaveLength(2);
  });

  test('how an endpoint behaves is read beside it, and never mixed with what people set', async () => {
    const { endpoints: all } = await ports();
    await all.changeHealth(WHE_A, (health) => ({ ...health, slowUntil: 5 }));
    const slow = { ...WHE_A, slowUntil: 5 };
    expect(await all.changeHealth(WHE_A, () => undefined)).toEqual(slow);
    expect((await all.list('acme')).toSorted(byId)).toEqual([
      { endpoint: endpoint('acme', 'whe_a'), health: slow },
      untroubled(endpoint('acme', 'whe_b')),
    ]);
  });

  test('of what many remember of one endpoint at once, nothing is forgotten', async () => {
    const backend = await open({ tenants, endpoints });
    const processes = [backend.process(), backend.process()];
    const count = (health: EndpointHealth) => ({ ...health, exhausted: (health.exhausted ?? 0) + 1 });
    await Promise.all(
      [0, 1, 2, 3].flatMap(() => processes.map((one) => one.endpoints.changeHealth(WHE_A, count))),
    );
    const health = await backend.process().endpoints.changeHealth(WHE_A, () => undefined);
    expect(health.exhausted).toBe(8);
  });

  test('what is remembered counts once, though the answers to its writes are lost', async () => {
    const { endpoints: all } = (await open({ tenants, endpoints, answersLost: true })).process();
    const count = (health: EndpointHealth) => ({ ...health, exhausted: (health.exhausted ?? 0) + 1 });
    await all.changeHealth(WHE_A, count);
    expect(await all.changeHealth(WHE_A, count)).toMatchObject({ exhausted: 2 });
  });
});
