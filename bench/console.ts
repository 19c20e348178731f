/**
 * How soon the console can be seen: from the begin of its navigation to its first paint, and to the first row with data, in a browser
 * that has nothing of it, over a stack as npm start runs it.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { awsClients } from '../demo/clients.ts';
import { laptopConsole } from '../demo/console.ts';
import { openInbox } from '../demo/inbox.ts';
import { imageFolders, tenants } from '../demo/sample.ts';
import { seedTenants } from '../demo/seed.ts';
import { startCloud } from '../local/cloud.ts';
import { build, built } from '../tools/build.ts';
import type { Outcome } from './figure.ts';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-sync',
  '--disable-quic',
];
const VISITS = 11;
const BAR_MS = 300;

export async function* console(): AsyncGenerator<Outcome> {
  const executablePath = PROGRAMS.find((path) => existsSync(path));
  if (executablePath === undefined)
    return yield { name: 'console', skipped: 'Chromium is not installed: npm run outside' };
  await build();
  const secrets = new Map(
    tenants.map((id): [string, string] => [id, 'whsec_bWVhc3VyZWQgYnkgdGhlIGJlbmNobWFyaw==']),
  );
  const inbox = await openInbox(secrets, () => undefined);
  const pages = laptopConsole(built.console);
  const cloud = await startCloud({
    template: built.template,
    bundles: built.functions,
    images: imageFolders,
    functionEnvironment: { WEBHOOK_ALLOWED_ORIGINS: inbox.origin },
    pages,
    report: () => undefined,
    output: () => undefined,
  });
  pages.point(cloud);
  const clients = awsClients(cloud.environment);
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    await seedTenants(clients, cloud.outputs, secrets, inbox);
    // The first visits wake the function behind the pages, and the browser.
    for (let visit = 0; visit < 2; visit++) await visited(browser, `${cloud.endpoint}/console/`);
    const visits: Visit[] = [];
    for (let visit = 0; visit < VISITS; visit++)
      visits.push(await visited(browser, `${cloud.endpoint}/console/`));
    const middle = (of: keyof Visit) =>
      visits.map((visit) => visit[of]).toSorted((a, b) => a - b)[VISITS >> 1] ?? 0;
    yield { name: 'console first paint', value: middle('paintMs'), unit: 'ms', bar: BAR_MS };
    yield { name: 'console first row with data', value: middle('rowMs'), unit: 'ms' };
  } finally {
    await browser.close();
    clients.close();
    await cloud.close();
    await inbox.close();
  }
}

interface Visit {
  readonly paintMs: number;
  readonly rowMs: number;
}

async function visited(browser: Browser, address: string): Promise<Visit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  try {
    await page.goto(address);
    await page.locator('tbody tr').first().waitFor();
    return await page.evaluate<Visit>(`({
      paintMs: performance.getEntriesByName('first-contentful-paint')[0].startTime,
      rowMs: performance.now(),
    })`);
  } finally {
    await context.close();
  }
}
