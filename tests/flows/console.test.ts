/** The console in a browser, over the whole stack: one story for each screen, as an operator lives it. */
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it, jest, test } from '@jest/globals';
import type { Page, Route } from 'playwright-core';
import { jobIdOf } from '../../application/job/identity.ts';
import { announce, RUNNING_FOLDER } from '../../local/running.ts';
import { outside } from '../outside/outside.ts';
import { fitsWidth, sees, violationsOf } from '../support/browser.ts';
import { closedAfterAll } from '../support/closing.ts';
import { startCommand } from '../support/command.ts';
import { until } from '../support/until.ts';
import { type Console, openConsole, openStage, openTenantPage } from './console-pages.ts';
import {
  asSoonAs,
  beginNoisy,
  endsWithItsSession,
  goesOnWithoutAnswers,
  manyJob,
  OF_EACH_TENANT,
  SCREENS,
  withHostileWords,
} from './console-world.ts';

jest.setTimeout(120_000);

const root = join(import.meta.dirname, '../..');

const opened = closedAfterAll();
const withBrowser = outside.chromium === undefined ? describe.skip : describe;

withBrowser('an operator', () => {
  let the: Console;
  beforeAll(async () => {
    the = await openConsole(opened);
    await beginNoisy(the);
  });

  const open = (path: string, options = {}) => the.browsing.read(`${the.address}${path}`, options);
  const keys = async (page: Page, ...pressed: string[]) => {
    for (const key of pressed) await page.keyboard.press(key);
  };

  it('finds a noisy tenant on the first screen, and pauses it, by the keyboard alone', async () => {
    const { page, faults } = await open('/');
    await sees(page, '.attention li', /noisy has 1\d jobs waiting/);
    await sees(page, '.figures', /Waiting *1\d *the first in line for \d/);
    await sees(page, '.figures', /Attempts ended today *\d+ *of \d+ jobs?, since midnight UTC/);
    await sees(page, '.figures', /In the last hour *[1-9]/);
    await page.locator('.figures .spark').waitFor();
    await sees(page, '.sections a', /Failures *[1-9]\d* *not run again/);
    await page.getByRole('link', { name: /Look at: noisy/ }).focus();
    await keys(page, 'Enter');
    await sees(page, '.why', /At its cap of 1/);
    await page.getByRole('button', { name: 'Pause…' }).focus();
    await keys(page, 'Enter');
    await sees(page, 'dialog[open]', 'No further attempt of it begins');
    await page.keyboard.type('it floods us');
    await keys(page, 'Enter');
    await sees(page, 'dialog[open]', 'It is paused.');
    await keys(page, 'Escape');
    await sees(page, '.why', /Paused .*it floods us/);
    expect(await the.asks('GET', 'v1/tenants/noisy')).toMatchObject({ paused: { reason: 'it floods us' } });
    await page.getByRole('button', { name: 'Resume…' }).click();
    await page.getByRole('button', { name: 'Resume it' }).click();
    await sees(page, 'dialog[open]', 'Its attempts begin again.');
    expect(faults).toEqual([]);
  });

  it('reads why a job is stuck, and sees it go on when its cause is gone', async () => {
    const { page, faults } = await open(`/jobs/${jobIdOf('noisy', 'report-0')}`);
    await sees(page, '.why', /^Waits: .*cap/);
    await page.close();
    the.containers.release();
    // One after the other they would take longer than any step of a page may.
    await the.asks('PUT', 'v1/tenants/noisy', { status: 'active', caps: { cap: 20 } });
    await the.stack.ended('noisy', 'report-11');
    const { page: later } = await open(`/jobs/${jobIdOf('noisy', 'report-11')}`);
    await sees(later, '.why', /^Succeeded/);
    await sees(later, '.timeline', 'ended as succeeded');
    await the.send('noisy', ['first'], { delaySeconds: 3600 });
    await the.stack.recorded('noisy', 'first');
    await the.send('noisy', ['second'], { dependsOn: [{ idempotencyKey: 'first' }] });
    await the.stack.recorded('noisy', 'second');
    await later.goto(`${the.address}/jobs/${jobIdOf('noisy', 'second')}`);
    await sees(later, '.why', /^Waits for other jobs/);
    await sees(later, '.holders li', /scheduled *first *to succeed/);
    await later.locator('.holders').getByRole('link', { name: 'first' }).click();
    await sees(later, '.why', /^Waits for its time/);
    expect(faults).toEqual([]);
  });

  it('finds a failed job, and runs it again as a child that the console leads to', async () => {
    const { page, faults } = await open('/jobs?tenant=acme&state=failed');
    await sees(page, 'tbody tr', 'missing');
    await keys(page, 'j', 'o');
    await sees(page, '.why', /^Failed: An object that the input names does not exist/);
    await page.getByRole('button', { name: 'Redrive…' }).click();
    await page.getByRole('button', { name: 'Run it again' }).click();
    await page.locator('dialog[open] a').click();
    await sees(page, 'aside', 'Runs again');
    expect(faults).toEqual([]);
  });

  it('follows a failed job to its webhook, and sends it again', async () => {
    const { page, faults } = await open('/webhooks');
    await page.getByRole('row').filter({ hasText: 'acme' }).getByRole('link').click();
    await page.getByRole('link', { name: 'job.failed' }).first().click();
    await sees(page, '.card', /http_204/);
    const sent = the.stack.webhooks.length;
    await page.getByRole('button', { name: 'Replay…' }).click();
    await page.getByRole('button', { name: 'Send it again' }).click();
    await sees(page, 'dialog[open]', 'It is on its way.');
    await until('the webhook again', async () => (the.stack.webhooks.length > sent ? true : undefined));
    await keys(page, 'Escape');
    await sees(page, 'aside', 'Replays');
    await sees(page, '.card:nth-child(2)', /http_204/);
    expect(await violationsOf(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('sees whether anything was left over, and which attempts hold the slots of a tenant', async () => {
    const { stack, containers, send } = the;
    const QueueUrl = stack.cloud.physicalId('SubmitDeadLetterQueue');
    await stack.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{}' }));
    await stack.addTenant('holder');
    await stack.upload('holder', 'n.csv', 'n\n1\n2\n');
    const budget = { usdPerMonth: 50, then: 'hold' };
    await the.asks('PUT', 'v1/tenants/holder', { status: 'active', caps: { cap: 20 }, budget });
    containers.willHold(jobIdOf('holder', 'holds'));
    await send('holder', ['holds']);
    await until('a container', async () =>
      (await stack.job('holder', 'holds'))?.state === 'running' ? true : undefined,
    );
    const { page, faults } = await open('/health');
    await sees(page, '.why', /^Not well: \d checks? of 3 found something/);
    await sees(page, '.card', 'expected at most 0 dead letters of submit, found 1');
    await sees(page, '.card', 'docs/operating/queues.md');
    await sees(page, '.sections a', /Health *[1-9] *not well/);
    await page.locator('[aria-label=Slots]').getByRole('link', { name: 'holder' }).click();
    await sees(page, '.holders li', /running *holds/);
    await sees(page, 'aside', /of \$50\.00 a month/);
    containers.release();
    await page.locator('.holders').waitFor({ state: 'detached' });
    await stack.clients.sqs.send(new PurgeQueueCommand({ QueueUrl }));
    expect(faults).toEqual([]);
  });

  it('follows jobs that end together, seals their group, and finds the job that waits for it', async () => {
    await the.send('acme', ['row-1', 'row-2'], { group: 'import-7' });
    await the.send('acme', ['after-rows'], { dependsOn: [{ group: 'import-7' }] });
    for (const key of ['row-1', 'row-2']) await the.stack.ended('acme', key);
    await the.stack.recorded('acme', 'after-rows');
    const { page, faults } = await open(`/jobs/${jobIdOf('acme', 'after-rows')}`);
    await sees(page, '.holders li', /open *import-7 *the group to succeed/);
    await keys(page, 'g', 'r');
    await sees(page, '[aria-label=Groups] tbody tr', 'import-7');
    await keys(page, 'j', 'o');
    await sees(page, '.why', /open: takes members/);
    await sees(page, '[aria-label=Members] tbody', 'row-2');
    await page.getByRole('button', { name: 'Seal…' }).click();
    await page.getByRole('button', { name: 'Seal it' }).click();
    await sees(page, 'dialog[open]', 'It is sealed.');
    await keys(page, 'Escape');
    await sees(page, '.why', /succeeded: 2 succeeded/);
    await sees(page, '[aria-label=Progress]', '2 of 2 members ended.');
    await page.getByRole('link', { name: 'row-1' }).click();
    await sees(page, 'aside', 'import-7');
    await the.stack.ended('acme', 'after-rows');
    expect(faults).toEqual([]);
  });

  it('lets a schedule rest, and sees when it will run', async () => {
    await the.asks('PUT', 'v1/schedules/nightly?tenant=acme', {
      cron: '0 2 * * *',
      timeZone: 'Europe/Berlin',
      job: { jobType: 'csv.summarise', input: { csv: the.csv } },
    });
    const { page, faults } = await open('/schedules');
    await sees(page, '.card', /02:00, .*02:00/);
    await page.getByRole('button', { name: 'Pause…' }).click();
    await sees(page, 'dialog[open]', 'No occurrence is sent');
    await page.keyboard.type('an audit');
    await keys(page, 'Enter');
    await sees(page, 'dialog[open]', 'It rests.');
    await keys(page, 'Escape');
    await sees(page, '.card', /paused .*an audit/);
    expect(faults).toEqual([]);
  });

  test.each(SCREENS)(
    '%s can be read by all, light, dark, from 320 to 2,560 px, and whatever words are in it',
    async (name, path, mark) => {
      const { page, faults } = await open(path, { colorScheme: 'light' });
      await page.locator(mark).first().waitFor();
      expect(await violationsOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize({ width: 320, height: 700 });
      expect(await violationsOf(page)).toEqual([]);
      await fitsWidth(page);
      await withHostileWords(page, name, mark);
      await page.setViewportSize({ width: 2560, height: 1440 });
      await fitsWidth(page);
      expect(faults).toEqual([]);
      await page.close();
    },
  );

  test.each(SCREENS)(
    '%s keeps what was read when there is no answer, or no session',
    async (name, path, mark) => {
      const { page } = await open(path);
      await page.locator(mark).first().waitFor();
      await goesOnWithoutAnswers(page, mark, OF_EACH_TENANT.includes(name));
      await endsWithItsSession(page, mark);
      await page.close();
    },
  );

  it('goes everywhere by keys, and is told which there are', async () => {
    const { page, faults } = await open('/');
    await sees(page, 'h1', 'Overview');
    await keys(page, '?');
    await sees(page, 'dialog[open]', 'find a job or a tenant');
    expect(await violationsOf(page)).toEqual([]);
    await keys(page, 'Escape', 'g', 't');
    await sees(page, 'h1', 'Tenants');
    await keys(page, '/');
    await page.keyboard.type('tenant:acme state:failed');
    await keys(page, 'Enter');
    await page.waitForURL(/jobs\?tenant=acme&state=failed$/);
    await sees(page, 'h1', 'Jobs');
    await keys(page, '/');
    await page.keyboard.type('no such words');
    await keys(page, 'Enter');
    await sees(page, '.hint', 'Expected the id of a job');
    expect(faults).toEqual([]);
  });

  it('loses no key, however fast they are pressed', async () => {
    const { page, faults } = await open('/');
    await page.evaluate(asSoonAs('[aria-label=Jobs] tbody a', ['j', 'j', 'k', 'o']));
    await keys(page, 'g', 'j');
    await page.waitForURL(/jobs\/job_[a-z2-7]+$/);
    await page.evaluate(asSoonAs('[aria-label=Tenants] tbody a', ['/']));
    await keys(page, 'g', 't');
    await page.locator('.find input:focus').waitFor();
    expect(faults).toEqual([]);
  });

  it('scrolls through ten thousand jobs, of which only those that can be seen are drawn', async () => {
    const { page } = await open('/tenants');
    await page.route(/\/console\/v1\/jobs\?/, (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const items = Array.from({ length: 500 }, (_, i) => manyJob(from + i));
      const next = from + 500 < 10_000 ? String(from + 500) : undefined;
      return route.fulfill({ json: { items, next, examined: 500 } });
    });
    await keys(page, '/');
    await page.keyboard.type('tenant:many');
    await keys(page, 'Enter');
    const more = page.getByRole('button', { name: 'Ten pages' });
    for (const jobs of ['5,500', '10,000']) {
      await more.click();
      await sees(page, '.foot', `${jobs} jobs`);
    }
    expect(await page.locator('table').getAttribute('aria-rowcount')).toBe('10001');
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    await sees(page, 'tbody tr', 'key-9999');
    expect(await page.locator('tbody tr').count()).toBeLessThan(120);
  });

  it('goes on by itself when there are answers again', async () => {
    const { page } = await open('/jobs?tenant=acme');
    await sees(page, 'tbody tr', 'missing');
    await page.route(/\/console\/v1\//, (route) => route.abort('connectionrefused'));
    await sees(page, '.live', 'No answer');
    await page.unroute(/\/console\/v1\//);
    await sees(page, '.live', 'Live');
    await page.locator('.old').waitFor({ state: 'detached' });
  });

  it('is told when a session has ended, and goes on with a new code', async () => {
    const stage = opened(await openStage(the));
    const { page } = await the.browsing.read(`${stage.address}/jobs?tenant=acme#code=${stage.invite()}`);
    await sees(page, 'tbody tr', 'missing');
    expect(page.url()).not.toContain('code');
    stage.waitNineHours();
    await sees(page, '.live', 'Session ended');
    await sees(page, '.old', 'This page may not act any more');
    await page.goto(`${stage.address}/jobs?tenant=acme#code=${stage.invite()}`);
    await sees(page, '.live', 'Live');
  });

  it('opens the console of a stage from a terminal, by a link that is valid once', async () => {
    const { environment, outputs } = the.stack.cloud;
    opened({ close: await announce(join(root, RUNNING_FOLDER), { environment, outputs }) });
    const command = startCommand(the.stack, ['console', '--local', '--print', '--json']);
    opened({ close: () => command.kill('SIGINT') });
    const [line] = await once(createInterface({ input: command.stdout }), 'line');
    const { url } = JSON.parse(String(line));
    const { page } = await the.browsing.read(url);
    await sees(page, '.live', 'Live');
    const { page: second } = await the.browsing.read(url);
    await sees(second, '.notice', 'This page may not act any more.');
  });

  it('shows a tenant its jobs and webhooks within a page of its own, by keys and at any width', async () => {
    const { address } = opened(await openTenantPage(the));
    const { page, faults } = await the.browsing.read(address, { colorScheme: 'light' });
    await sees(page, 'headgate-jobs td', 'missing');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'missing', exact: true }).last().press('Enter');
    await sees(page, 'headgate-jobs .why', /^Failed: An object that the input names does not exist/);
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Webhooks' }).press('Enter');
    await page.locator('headgate-jobs .cards').getByRole('button').first().press('Enter');
    await page.getByRole('button', { name: 'job.failed' }).first().press('Enter');
    await sees(page, 'headgate-jobs .cards', 'http_204');
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.setViewportSize({ width: 320, height: 700 });
    expect(await violationsOf(page)).toEqual([]);
    await fitsWidth(page);
    expect(faults).toEqual([]);
  });

  it('asks the page of a tenant for another token when one has ended, and says when there is none', async () => {
    const { address, signIn, signOut } = opened(await openTenantPage(the));
    const { page } = await the.browsing.read(address);
    await sees(page, 'headgate-jobs td', 'missing');
    const ended = (route: Route) => route.fulfill({ status: 401, json: { code: 'token_expired' } });
    await page.route(/\/v1\/jobs/, ended, { times: 1 });
    const [asked] = await Promise.all([page.waitForRequest(/\/token$/), page.waitForResponse(/\/v1\/jobs/)]);
    expect(asked.method()).toBe('POST');
    signOut();
    await page.route(/\/v1\/jobs/, ended);
    await sees(page, 'headgate-jobs .old', 'You are not signed in here any more.');
    await sees(page, 'headgate-jobs td', 'missing');
    signIn();
    await page.unroute(/\/v1\/jobs/);
    await page.locator('headgate-jobs .old').waitFor({ state: 'detached' });
  });

  it('cannot be harmed by words of a sender', async () => {
    const key = '<img/src=x/onerror=alert(1)>'.padEnd(128, '-');
    const metadata = { long: `\u202eorp\u2066</pre><script>alert(3)</script>${'x'.repeat(4000)}` };
    await the.send('acme', [key], { metadata });
    await the.stack.recorded('acme', key);
    const { page, faults } = await open(`/jobs/${jobIdOf('acme', key)}`, {
      viewport: { width: 320, height: 700 },
    });
    await sees(page, 'h1', '<img/src=x/onerror=alert(1)>');
    await sees(page, 'aside', '</pre><script>alert(3)</script>');
    await fitsWidth(page);
    await page.goto(`${the.address}/jobs?tenant=acme`);
    await sees(page, 'tbody tr', '<img/src=x/onerror=alert(1)>');
    await fitsWidth(page);
    await page.goto(opened(await openTenantPage(the)).address);
    await page.getByRole('button', { name: '<img/src=x/onerror=alert(1)>' }).click();
    await sees(page, 'headgate-jobs h2', '<img/src=x/onerror=alert(1)>');
    await fitsWidth(page);
    expect(faults).toEqual([]);
  });
});
