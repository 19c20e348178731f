/** One browser for the stories of a file, driven as its reader drives it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from '@jest/globals';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { outside } from '../outside/outside.ts';

/** Nothing of it calls home, or keeps anything. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];
/** Far above what any step takes. */
const PATIENCE_MS = 60_000;
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export interface Reader {
  readonly page: Page;
  /** What the browser refused or reported since the page was opened. */
  readonly faults: readonly string[];
}

export interface Browsing {
  /** A window of its own, with nothing of another. */
  read(address: string, options?: BrowserContextOptions): Promise<Reader>;
  close(): Promise<void>;
}

export async function openBrowser(): Promise<Browsing> {
  if (outside.chromium === undefined) throw new Error('Chromium is not installed: npm run outside');
  const browser: Browser = await chromium.launch({ executablePath: outside.chromium, args: FLAGS });
  return {
    async read(address, options = {}) {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(message.text());
      });
      page.on('dialog', (dialog) => {
        faults.push(`a dialog of a script: ${dialog.message()}`);
        void dialog.dismiss();
      });
      await page.goto(address);
      return { page, faults };
    },
    close: () => browser.close(),
  };
}

/** What axe-core finds against WCAG 2.2 AA, each with the elements that it is about. */
export async function violationsOf(page: Page): Promise<string[]> {
  // By the protocol of the browser: the policy of the page lets no other script run.
  await page.evaluate(axeSource);
  const results: AxeResults = await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
  );
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
  );
}

/** Waits for a text in a place of the page, as its reader would. */
export async function sees(page: Page, place: string, text: string | RegExp): Promise<void> {
  await page.locator(place).filter({ hasText: text }).first().waitFor();
}

/** Nothing is wider than the window. */
export async function fitsWidth(page: Page): Promise<void> {
  expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBeLessThanOrEqual(
    0,
  );
}
