/** What an operator does in the console to all that match: counted first, followed, stopped, and found again on a screen of its own. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { jobIdOf } from '../../application/job/identity.ts';
import type { JobSummary } from '../../console/api/schema.ts';
import { outside } from '../outside/outside.ts';
import { sees, violationsOf } from '../support/browser.ts';
import { closedAfterAll } from '../support/closing.ts';
import { until } from '../support/until.ts';
import { type Console, openConsole } from './console-pages.ts';
import { oneEachSecond } from './console-world.ts';

jest.setTimeout(120_000);

const opened = closedAfterAll();
const withBrowser = outside.chromium === undefined ? describe.skip : describe;

withBrowser('an operator', () => {
  let the: Console;
  beforeAll(async () => {
    the = await openConsole(opened);
    await the.stack.addTenant('noisy');
    await the.stack.upload('noisy', 'n.csv', 'n\n1\n2\n');
  });

  const open = (path: string, options = {}) => the.browsing.read(`${the.address}${path}`, options);
  const keys = async (page: Page, ...pressed: string[]) => {
    for (const key of pressed) await page.keyboard.press(key);
  };

  it('finds jobs that failed alike as one line, and runs all of them again by an operation', async () => {
    const lost = ['lost-1', 'lost-2', 'lost-3'];
    await the.send('acme', lost, { input: { csv: the.csv.replace('n.csv', 'none.csv') } });
    // Their rows, which the operation goes through, come a moment after their ends.
    await until('the rows of their failures', async () => {
      const { items } = await the.asks('GET', 'v1/failures?tenant=acme&limit=100');
      const failed = new Set(items.map(({ jobId }: { jobId: string }) => jobId));
      return lost.every((key) => failed.has(jobIdOf('acme', key))) ? true : undefined;
    });
    const { page, faults } = await open('/failures');
    await sees(page, '.card', /3 jobs of acme/);
    await page.locator('summary').first().click();
    await sees(page, '.card pre', /./);
    await page.getByRole('button', { name: 'Redrive all…' }).click();
    await sees(page, 'dialog[open]', /3 match, of \d+ looked at\./);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Run all of them again' }).click();
    await sees(page, 'dialog[open]', '3 run again.');
    const { items } = await the.asks('GET', 'v1/jobs?tenant=acme&state=failed');
    const old = items.filter((job: JobSummary) => /^lost-\d$/.test(job.idempotencyKey) && !job.parent);
    expect(old.every(({ redrivenAs }: JobSummary) => redrivenAs !== undefined)).toBe(true);
    await keys(page, 'Escape', 'g', 'p');
    await sees(page, '.card', /Run failed jobs again.*tenant *acme.*3 run again\./);
    expect(await violationsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('selects jobs by keys, and cancels all that match by an operation that it can watch', async () => {
    await the.send('acme', ['later-1', 'later-2'], { delaySeconds: 3600 });
    for (const key of ['later-1', 'later-2']) await the.stack.recorded('acme', key);
    const { page, faults } = await open('/jobs?tenant=acme&state=scheduled');
    await sees(page, '.foot', '2 jobs');
    await keys(page, 'j', 'x');
    await sees(page, '.bulk', '1 selected');
    await page.getByRole('button', { name: 'All 2 that match' }).click();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Cancel all that match…' }).click();
    await sees(page, 'dialog[open]', / 2 match, of \d+ looked at\./);
    await page.getByRole('button', { name: 'Cancel all that match', exact: true }).click();
    await sees(page, 'dialog[open]', '2 cancelled or told to stop.');
    await keys(page, 'Escape');
    await sees(page, '.empty', 'No job matches.');
    const { items } = await the.asks('GET', 'v1/operations');
    expect(items).toContainEqual(expect.objectContaining({ kind: 'cancel', state: 'finished', done: 2 }));
    expect(faults).toEqual([]);
  });

  it('sees how far an operation is, and stops it', async () => {
    const night = Array.from({ length: 40 }, (_, i) => `night-${i}`);
    await the.send('noisy', night, { delaySeconds: 3600 });
    for (const key of night) await the.stack.recorded('noisy', key);
    const { page, faults } = await open('/jobs?tenant=noisy&state=scheduled');
    await sees(page, '.foot', /^40 jobs /);
    await page.route(/\/v1\/operations$/, oneEachSecond);
    await keys(page, 'j', 'x');
    await page.getByRole('button', { name: 'Cancel all that match…' }).click();
    await sees(page, 'dialog[open]', '40 match');
    await page.getByRole('button', { name: 'Cancel all that match', exact: true }).click();
    await sees(page, 'dialog[open]', /[1-9]\d* of those that match done/);
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await sees(page, 'dialog[open]', 'It was stopped; what was not reached is as it was.');
    await keys(page, 'Escape');
    await sees(page, '.foot', /^(40|[1-3]?\d) jobs? /);
    await keys(page, 'g', 'p');
    await sees(page, '.card', /Cancel jobs.*state *scheduled.*It was stopped/);
    expect(faults).toEqual([]);
  });

  it('sends all webhooks of a state again, also those that its page has not read', async () => {
    await the.send('acme', ['told-1', 'told-2']);
    for (const key of ['told-1', 'told-2']) await the.stack.ended('acme', key);
    const about = ['told-1', 'told-2'].map((key) => jobIdOf('acme', key));
    await until('both webhooks', async () => (about.every((id) => tellsOf(id) > 0) ? true : undefined));
    const { page, faults } = await open('/webhooks/acme/whe_test?status=delivered');
    await sees(page, 'tbody tr', 'job.succeeded');
    await page.getByRole('button', { name: 'Replay all delivered…' }).click();
    await sees(page, 'dialog[open]', /\d+ match, of \d+ looked at\./);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Send all of them again' }).click();
    await sees(page, 'dialog[open]', /\d+ on their way\./);
    await until('them again', async () => (about.every((id) => tellsOf(id) > 1) ? true : undefined));
    expect(faults).toEqual([]);
  });

  const tellsOf = (jobId: string): number =>
    the.stack.webhooks.filter(({ event }) => event?.data.jobId === jobId).length;
});
