/** What the stories of the console find when they begin, and where they look. */
import type { Route } from 'playwright-core';
import { jobIdOf } from '../../application/job/identity.ts';
import type { Console } from './console-pages.ts';

/** A tenant whose jobs wait behind one that is held, and a failed job of another. */
export async function beginNoisy(the: Console): Promise<void> {
  const { stack, containers, asks, send } = the;
  await stack.addTenant('noisy');
  await stack.upload('noisy', 'n.csv', 'n\n1\n2\n');
  await asks('PUT', 'v1/tenants/noisy', { status: 'active', caps: { cap: 1 } });
  containers.willHold(jobIdOf('noisy', 'held'));
  await send('noisy', ['held']);
  await send(
    'noisy',
    Array.from({ length: 12 }, (_, i) => `report-${i}`),
  );
  await send('acme', ['missing'], { input: { csv: the.csv.replace('n.csv', 'none.csv') } });
  await stack.ended('acme', 'missing');
}

/** Each with its path, and what is there when it was read. */
export const SCREENS = [
  ['Overview', '/', '.figures'],
  ['Jobs', '/jobs', 'tbody tr'],
  ['a job', `/jobs/${jobIdOf('acme', 'missing')}`, '.timeline'],
  ['Groups', '/groups', 'tbody tr'],
  ['a group', '/groups/acme/import-7', 'tbody tr'],
  ['Tenants', '/tenants', 'tbody tr'],
  ['a tenant', '/tenants/noisy', 'aside'],
  ['Failures', '/failures', '.card, .empty'],
  ['Webhooks', '/webhooks', 'tbody tr'],
  ['an endpoint', '/webhooks/acme/whe_test', 'aside'],
  ['Schedules', '/schedules', '.card, .empty'],
  ['Operations', '/operations', '.card, .empty'],
  ['Keys', '/keys', '.card, .empty'],
  ['Cost', '/cost', '.why'],
  ['Health', '/health', '.why'],
] as const;

/** Pressed within the task that draws what they are for: before the paint, and before any other step of a test. */
export const asSoonAs = (drawn: string, keys: readonly string[]) => `new MutationObserver((_, observer) => {
  if (document.querySelector('${drawn}') === null) return;
  observer.disconnect();
  for (const key of ${JSON.stringify(keys)}) document.dispatchEvent(new KeyboardEvent('keydown', { key }));
}).observe(document, { childList: true, subtree: true })`;

export const manyJob = (n: number) => {
  const at = new Date(Date.UTC(2026, 10, 30) - n * 1000).toISOString();
  const id = `job_${String(n).padStart(26, 'a')}`;
  const fields = { id, tenantId: 'many', jobType: 'csv.summarise', idempotencyKey: `key-${n}`, version: 1 };
  return { ...fields, state: 'succeeded', attempt: 1, priority: 'normal', createdAt: at, stateAt: at };
};

/** An operation that takes long enough to be stopped, on any machine. */
export const oneEachSecond = (route: Route) =>
  route.continue(
    route.request().method() === 'POST'
      ? { postData: { ...route.request().postDataJSON(), perSecond: 1 } }
      : {},
  );
