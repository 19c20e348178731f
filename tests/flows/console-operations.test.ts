/** What an operator does in the console: to all that match, counted first, followed and stopped; and with jobs, keys and secrets one by one. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import { arrayIdOf, jobIdOf } from '../../application/job/identity.ts';
import { headgate } from '../../client/index.ts';
import type { JobSummary } from '../../console/api/schema.ts';
import { outside } from '../outside/outside.ts';
import { sees, violationsOf } from '../support/browser.ts';
import { closedAfterAll } from '../support/closing.ts';
import { until } from '../support/until.ts';
import { type Console, openConsole } from './console-pages.ts';
import { oneEachSecond } from './console-world.ts';

jest.setTimeout(120_000);

const opened = closedAfterAll();
const CLIPBOARD = { permissions: ['clipboard-read', 'clipboard-write'] };
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

  /** Opens an act, says why where it asks, carries it out, and reads what it did. */
  const act = async (page: Page, label: string, confirm: string, did: string, why?: string) => {
    await page.getByRole('button', { name: label }).click();
    if (why !== undefined) await page.keyboard.type(why);
    await page.getByRole('button', { name: confirm, exact: true }).click();
    await sees(page, 'dialog[open]', did);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
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
    await page.getByRole('spinbutton', { name: /How many a second/ }).fill('25');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Run all of them again' }).click();
    await sees(page, 'dialog[open]', '3 run again.');
    const { items } = await the.asks('GET', 'v1/jobs?tenant=acme&state=failed');
    const old = items.filter((job: JobSummary) => /^lost-\d$/.test(job.idempotencyKey) && !job.parent);
    expect(old.every(({ redrivenAs }: JobSummary) => redrivenAs !== undefined)).toBe(true);
    const { items: operations } = await the.asks('GET', 'v1/operations');
    expect(operations).toContainEqual(expect.objectContaining({ kind: 'redrive', perSecond: 25 }));
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

  it('reads what a job cost and what its webhook was answered, and runs an edited copy in its place', async () => {
    await the.send('acme', ['typo'], { input: { csv: the.csv.replace('n.csv', 'typo.csv') } });
    await the.stack.ended('acme', 'typo');
    const { page, faults } = await open(`/jobs/${jobIdOf('acme', 'typo')}`, CLIPBOARD);
    await sees(page, '[aria-label=Webhooks] tbody tr', /delivered *job.failed/);
    await sees(page, 'aside', /Cost *\$0\.0\d+ for 1 min billed/);
    await page.locator('summary', { hasText: 'Raw record' }).press('Enter');
    await sees(page, '[aria-label="Raw record"] pre', '"idempotencyKey": "typo"');
    await page.getByRole('button', { name: 'Edited copy…' }).press('Enter');
    const message = page.getByRole('textbox', { name: 'The message' });
    await message.fill('{ "jobType": ');
    await page.locator('dialog').getByRole('button', { name: 'Copy as curl' }).click();
    await sees(page, 'dialog[open]', 'Expected the message as JSON');
    await page.getByRole('button', { name: 'Run the copy' }).click();
    await sees(page, 'dialog[open]', 'Nothing was done: Expected the message as JSON');
    const asked = { jobType: 'csv.summarise', idempotencyKey: 'typo-edited', input: { csv: the.csv } };
    await message.fill(JSON.stringify(asked));
    await page.locator('dialog').getByRole('button', { name: 'Copy as code' }).click();
    await sees(page, 'dialog[open]', 'Copied');
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain('hg.jobs.submit("csv.summarise"');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Run the copy' }).click();
    await sees(page, 'dialog[open]', /Recorded as job_.* This one is discarded\./);
    await page.locator('dialog[open] a').click();
    await sees(page, 'h1', 'typo-edited');
    await the.stack.ended('acme', 'typo-edited');
    await sees(page, '.why', /^Succeeded/);
    const first = await the.asks('GET', `v1/jobs/${jobIdOf('acme', 'typo')}`);
    expect(first).toMatchObject({ state: 'failed', discardedAt: expect.any(String) });
    expect(faults).toEqual([]);
  });

  it('discards jobs that failed alike, with a reason, and they leave the screen', async () => {
    const lost = ['gone-1', 'gone-2'];
    await the.stack.addTenant('leaving');
    await the.stack.upload('leaving', 'n.csv', 'n\n1\n2\n');
    const input = { csv: the.csv.replace('/acme/', '/leaving/').replace('n.csv', 'none.csv') };
    await the.send('leaving', lost, { input });
    await until('the rows of their failures', async () => {
      const { items } = await the.asks('GET', 'v1/failures?tenant=leaving&open=true');
      return items.length === 2 ? true : undefined;
    });
    const { page, faults } = await open('/failures?tenant=leaving');
    await sees(page, '.card', /2 jobs of leaving/);
    await page.getByRole('button', { name: 'Discard…' }).click();
    await sees(page, 'dialog[open]', 'can never be run again');
    await page.getByRole('textbox', { name: 'Why' }).fill('their file was never there');
    await page.keyboard.press('Enter');
    await sees(page, 'dialog[open]', '2 discarded.');
    await keys(page, 'Escape');
    await sees(page, '.empty', 'Nothing failed in the last seven days that was not run again or discarded.');
    expect(faults).toEqual([]);
  });

  it('makes a key that is shown once and opens the API, and ends it', async () => {
    const { page, faults } = await open('/keys?tenant=acme', CLIPBOARD);
    await page.getByRole('button', { name: 'New key…' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('billing');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make it' }).click();
    await sees(page, '.once', /hgk_[a-z2-7]{16}_[\w-]{43}/);
    await page.locator('.once').getByRole('button', { name: 'Copy' }).click();
    await sees(page, '.once', 'Copied');
    const key = String(await page.evaluate('navigator.clipboard.readText()'));
    const client = headgate({ url: String(the.stack.cloud.outputs['ApiUrl']), key, tenant: 'acme' });
    expect((await client.jobs.list({ limit: 1 })).items).toHaveLength(1);
    await keys(page, 'Escape');
    const card = page.locator('.card').filter({ hasText: 'billing' });
    await card.filter({ hasText: 'active' }).waitFor();
    expect(await page.content()).not.toContain(key.slice(-43));
    await card.getByRole('button', { name: 'Disable…' }).click();
    await page.getByRole('button', { name: 'Disable it' }).click();
    await sees(page, 'dialog[open]', 'its tokens end within 60 seconds');
    await keys(page, 'Escape');
    await card.filter({ hasText: 'disabled' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('rotates the secret of an endpoint, which is shown once, and ends the previous one', async () => {
    await the.stack.addTenant('rotator');
    const made = await the.asks('POST', 'v1/endpoints?tenant=rotator', {
      url: 'https://hooks.rotator.example/in',
    });
    const { page, faults } = await open(`/webhooks/rotator/${made.endpoint.id}`);
    await page.getByRole('button', { name: 'Rotate secret…' }).click();
    await sees(page, 'dialog[open]', 'For a day webhooks are signed with it and with the present one');
    await page.getByRole('button', { name: 'Make it' }).click();
    await sees(page, '.once', /whsec_\S{20,}/);
    await keys(page, 'Escape');
    await sees(page, 'aside', /ends in/);
    expect(await page.content()).not.toContain('whsec_');
    await page.getByRole('button', { name: 'End old secret…' }).click();
    await page.getByRole('button', { name: 'End it' }).click();
    await sees(page, 'dialog[open]', 'signed with the new secret alone');
    await keys(page, 'Escape');
    await page.getByRole('button', { name: 'Rotate secret…' }).waitFor();
    expect(faults).toEqual([]);
  });

  it('pings an endpoint, lets it rest, and wakes it', async () => {
    const { page, faults } = await open('/webhooks/acme/whe_test');
    await act(page, 'Ping…', 'Send it', 'It is on its way');
    await sees(page, 'tbody tr', /delivered *endpoint\.ping/);
    await act(page, 'Disable…', 'Disable it', 'It is disabled.', 'it moves to another host');
    await sees(page, '.why', /disabled .*it moves to another host/);
    await act(page, 'Enable…', 'Enable it', 'It is enabled.');
    await sees(page, '.why', 'well');
    expect(faults).toEqual([]);
  });

  it('runs a schedule now, beside its own times', async () => {
    const job = { jobType: 'csv.summarise', input: { csv: the.csv } };
    await the.asks('PUT', 'v1/schedules/weekly?tenant=acme', { cron: '0 2 * * 1', job });
    const { page, faults } = await open('/schedules');
    await act(page, 'Pause…', 'Pause it', 'It rests.', 'an audit');
    await act(page, 'Resume…', 'Resume it', 'It runs again.');
    await page.getByRole('button', { name: 'Run now…' }).click();
    await page.getByRole('button', { name: 'Run it' }).click();
    await page.locator('dialog[open] a').click();
    await sees(page, '.why', /^Succeeded/);
    expect(faults).toEqual([]);
  });

  it('gives a tenant a cap, and ends the tokens of a tenant', async () => {
    await the.stack.addTenant('capped');
    const { page, faults } = await open('/tenants/capped');
    await page.getByRole('button', { name: 'Set cap…' }).click();
    await page.getByRole('spinbutton', { name: /^Cap, from 1 to 1000/ }).fill('3');
    await page.keyboard.press('Enter');
    await sees(page, 'dialog[open]', 'Its cap is 3.');
    await keys(page, 'Escape');
    expect(await the.asks('GET', 'v1/tenants/capped')).toMatchObject({ settings: { caps: { cap: 3 } } });
    const answered = page.waitForResponse(/\/v1\/tenants\/capped\/revoke-tokens$/);
    await act(page, 'End tokens…', 'End them', 'Its tokens end within 60 seconds.');
    expect(await (await answered).json()).toMatchObject({ tokensNotBefore: expect.any(String) });
    expect(faults).toEqual([]);
  });

  it('runs again what failed in a group, and cancels the rest of it', async () => {
    await the.send('acme', ['part-1'], {
      group: 'import-9',
      input: { csv: the.csv.replace('n.csv', 'none.csv') },
    });
    await the.send('acme', ['part-2'], { group: 'import-9', delaySeconds: 3600 });
    await the.stack.ended('acme', 'part-1');
    await the.stack.recorded('acme', 'part-2');
    const { page, faults } = await open('/groups/acme/import-9');
    await act(page, 'Redrive 1…', 'Run 1 job again', '1 run again.');
    await sees(page, '[aria-label=Members] tbody', /scheduled *part-2/);
    await act(page, 'Cancel…', 'Cancel all its members', 'Its members are being ended.');
    await sees(page, '.why', /It was cancelled/);
    await sees(page, '[aria-label=Members] tbody', /cancelled *part-2/);
    expect(faults).toEqual([]);
  });

  it('finds what has become of each item of an array', async () => {
    const array = { items: [{ csv: the.csv }, { csv: the.csv.replace('n.csv', 'none.csv') }] };
    await the.send('acme', ['rows'], { input: undefined, array });
    const { page, faults } = await open('/groups');
    await page.getByRole('link', { name: /^arr_/ }).click();
    await sees(page, '[aria-label=Progress]', /2 of 2 members ended, of the array rows in csv\.summarise/);
    await sees(page, 'main', /What has become of each item: .*manifest-0\.jsonl/);
    expect(await page.getByText(/manifest-0\.jsonl/).count()).toBe(1);
    expect(faults).toEqual([]);
  });

  it('reads once why an array has no jobs', async () => {
    const array = { itemsRef: the.csv.replace('n.csv', 'gone.jsonl') };
    await the.send('acme', ['gone'], { input: undefined, array });
    const { page, faults } = await open(`/groups/acme/${arrayIdOf('acme', 'gone')}`);
    await sees(page, 'main .bad', /Expected an object at itemsRef/);
    expect(await page.getByText(/Expected an object at itemsRef/).count()).toBe(1);
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
