/**
 * The pictures of docs/using/console.md and tenant-page.md: `PICTURES=all npm run jest -- tests/flows/console-pictures` takes them, over a
 * stack on which something is going on; `PICTURES=job,cost` takes two. Each is light, dark and 320 px wide.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { jobIdOf } from '../../application/job/identity.ts';
import { outside } from '../outside/outside.ts';
import { closedAfterAll } from '../support/closing.ts';
import { until } from '../support/until.ts';
import { type Console, openConsole, openTenantPage } from './console-pages.ts';

jest.setTimeout(300_000);

const folder = join(import.meta.dirname, '../../docs/using/console');
const wanted = process.env['PICTURES'];
const asked = wanted !== undefined && outside.chromium !== undefined;
const opened = closedAfterAll();

(asked ? describe : describe.skip)('the screens of the console', () => {
  let the: Console;
  beforeAll(async () => {
    the = await openConsole(opened);
    mkdirSync(folder, { recursive: true });
    const { stack, containers, asks, send } = the;
    for (const tenantId of ['globex', 'initech', 'umbrella']) {
      await stack.addTenant(tenantId);
      await stack.upload(tenantId, 'n.csv', 'n\n1\n2\n');
    }
    await asks('PUT', 'v1/tenants/globex', { status: 'active', weight: 2, caps: { cap: 1 } });
    await asks('PUT', 'v1/tenants/initech', { status: 'active', caps: { cap: 20 }, waitingQuota: 5000 });
    const missing = { input: { csv: the.csv.replace('n.csv', 'sales-2025.csv') }, tags: { plan: 'pro' } };
    await send('acme', ['sales-1', 'sales-2', 'sales-3'], missing);
    await send('umbrella', ['weather', 'stations', 'rainfall'], { group: 'import-7' });
    for (const key of ['sales-1', 'sales-2', 'sales-3']) await stack.ended('acme', key);
    for (const key of ['weather', 'stations', 'rainfall']) await stack.ended('umbrella', key);
    containers.willExit(jobIdOf('acme', 'invoices'), 75);
    await send('acme', ['invoices']);
    containers.willHold(jobIdOf('globex', 'export-1'));
    await send(
      'globex',
      Array.from({ length: 24 }, (_, i) => `export-${i + 1}`),
    );
    await asks('POST', 'v1/tenants/initech/pause', { reason: 'the invoice of October is open' });
    await send('initech', ['thumbnails-7', 'thumbnails-8']);
    for (const [name, cron, timeZone] of [
      ['nightly-report', '0 2 * * *', 'Europe/Berlin'],
      ['month-end', '0 18 L * *', 'America/New_York'],
    ])
      await asks('PUT', `v1/schedules/${name}?tenant=acme`, {
        cron,
        timeZone,
        job: { jobType: 'csv.summarise', input: { csv: the.csv } },
      });
    for (const [name, tenants, publicKey] of [
      ['billing service', ['acme', 'globex'], 'oM3zkGmnTXDf1KJHQ8bWm8NFnKkVDuHRZvmJcnHLBG0'],
      ['nightly imports', ['umbrella'], 'SuLHdAY5-N1JvmXtJeIUJrN6tBM8dHCaoVJSYxFyUd4'],
    ])
      await asks('POST', 'v1/keys', { name, tenants, publicKey, scopes: ['jobs:create', 'jobs:read'] });
    await send('umbrella', ['pollen', 'tides', 'snow'], { delaySeconds: 3600 });
    for (const key of ['pollen', 'tides', 'snow']) await stack.recorded('umbrella', key);
    await asks('POST', 'v1/operations', {
      kind: 'cancel',
      filter: { tenant: 'umbrella', state: 'scheduled' },
    });
    await until('a retry', async () =>
      (await stack.job('acme', 'invoices'))?.state === 'retrying' ? true : undefined,
    );
    await until('a container', async () =>
      (await stack.job('globex', 'export-1'))?.state === 'running' ? true : undefined,
    );
  });

  const screens = () => [
    ['overview', '/', '.attention li'],
    ['jobs', '/jobs', 'tbody tr'],
    ['job', `/jobs/${jobIdOf('acme', 'invoices')}`, '.timeline li'],
    ['failures', '/failures', '.card'],
    ['groups', '/groups', 'tbody tr'],
    ['group', '/groups/umbrella/import-7', 'tbody tr'],
    ['tenants', '/tenants', 'tbody tr'],
    ['tenant', '/tenants/globex', 'tbody tr'],
    ['webhooks', '/webhooks', 'tbody tr'],
    ['endpoint', '/webhooks/acme/whe_test', 'tbody tr'],
    ['schedules', '/schedules', '.card'],
    ['operations', '/operations', '.card'],
    ['keys', '/keys', '.card'],
    ['cost', '/cost', '.why'],
    ['health', '/health', '.why'],
  ];
  const isWanted = (name: string) => wanted === 'all' || wanted?.split(',').includes(name) === true;

  const take = async (name: string, address: string, isDrawn: (page: Page) => Promise<unknown>) => {
    for (const [look, width, height, colorScheme] of [
      ['light', 1280, 720, 'light'],
      ['dark', 1280, 720, 'dark'],
      ['narrow', 320, 640, 'light'],
    ] as const) {
      const options = { viewport: { width, height }, colorScheme };
      const { page, faults } = await the.browsing.read(address, options);
      await isDrawn(page);
      const picture = await sharp(await page.screenshot())
        .webp({ quality: 70, effort: 6 })
        .toBuffer();
      writeFileSync(join(folder, `${name}-${look}.webp`), picture);
      expect(faults).toEqual([]);
      await page.close();
    }
  };

  it('are as they are looked at here', async () => {
    for (const [name = '', path = '', mark = ''] of screens().filter(([each = '']) => isWanted(each)))
      await take(name, `${the.address}${path}`, async (page) => {
        await page.locator(mark).first().waitFor();
        await page.locator('.live .good').waitFor();
        for (const figure of await page.locator('.figures strong', { hasText: '…' }).all())
          await figure.waitFor({ state: 'detached', timeout: 5000 }).catch(() => undefined);
      });
  });

  it('are within a page of a tenant as well', async () => {
    if (!isWanted('embed')) return;
    const { address } = opened(await openTenantPage(the));
    await take('embed', address, (page) => page.locator('headgate-jobs tbody tr').first().waitFor());
  });
});
