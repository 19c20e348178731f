/** What the stories of the console find when they begin, and where they look. */
import { expect } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { jobIdOf } from '../../application/job/identity.ts';
import { fitsWidth, sees } from '../support/browser.ts';
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

/** Each asks once for every tenant, and can have the answers of some alone. */
export const OF_EACH_TENANT: readonly string[] = [
  'Jobs',
  'Groups',
  'Webhooks',
  'Schedules',
  'Cost',
  'Health',
];

/** Everything is read again now, and not at the next look of each. */
const readAgain = async (page: Page) => {
  for (const key of ['p', 'p']) await page.keyboard.press(key);
};

const CALLS = /\/console\/v1\//;
const noAnswer = (route: Route) => route.abort('connectionrefused');

/** Loses the answers of all tenants, then of one, and says so each time, with what was there still there; then all is as it was. */
export async function goesOnWithoutAnswers(page: Page, mark: string, isOfEach: boolean): Promise<void> {
  await page.route(CALLS, noAnswer);
  await readAgain(page);
  await sees(page, '.live', 'No answer');
  await sees(page, '.old', /Not up to date: as it was .* Headgate gives no answer/);
  await page.locator(mark).first().waitFor();
  await page.unroute(CALLS);
  await readAgain(page);
  await page.locator('.old').first().waitFor({ state: 'detached' });
  if (!isOfEach) return;
  const ofOne = (url: URL) => url.pathname.startsWith('/console/v1/') && url.href.includes('noisy');
  await page.route(ofOne, noAnswer);
  await readAgain(page);
  await sees(page, '.old', /^Not complete: .* of 1 tenant of \d+ could not be read/);
  await page.locator(mark).first().waitFor();
  await page.unroute(ofOne);
  await readAgain(page);
  await page.locator('.old').first().waitFor({ state: 'detached' });
}

/** Its session ends: it says so, acts no more, and keeps what was read. */
export async function endsWithItsSession(page: Page, mark: string): Promise<void> {
  await page.route(CALLS, (route) => route.fulfill({ status: 401, json: { code: 'session_ended' } }));
  await readAgain(page);
  await sees(page, '.live', 'Session ended');
  await sees(page, '.old', 'This page may not act any more');
  await page.locator(mark).first().waitFor();
  await page.unroute(CALLS);
}

/** What senders, tenants and operators may write as they like. */
const WRITTEN = [
  'idempotencyKey',
  'message',
  'reason',
  'note',
  'name',
  'description',
  'says',
  'by',
  'answer',
];
const HOSTILE = `<img src=x onerror=alert(1)>\u202eorp\u2066"'</script><script>alert(2)</script>${'W'.repeat(4000)}`;

/** Screens that certainly show some. */
const WITH_WORDS: readonly string[] = ['Jobs', 'a job', 'Failures', 'Health'];

/** Every word that another has written begins with markup that would run, turns the line around and is 4 KB long. */
export async function withHostileWords(page: Page, name: string, mark: string): Promise<void> {
  await page.addInitScript(`const read = Response.prototype.json;
    Response.prototype.json = async function () {
      return JSON.parse(JSON.stringify(await read.call(this)), (name, value) =>
        typeof value === 'string' && ${JSON.stringify(WRITTEN)}.includes(name) ? ${JSON.stringify(HOSTILE)} + value : value);
    };`);
  await page.reload();
  await page.locator(mark).first().waitFor();
  if (WITH_WORDS.includes(name)) await sees(page, 'main', '<img src=x onerror=alert(1)>');
  expect(await page.locator('img[src="x"]').count()).toBe(0);
  await fitsWidth(page);
}
