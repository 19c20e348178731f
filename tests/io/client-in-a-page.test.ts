/** The client in a page of a browser, against the door for tenants: what the page may do, and what the browser keeps from it. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import type * as client from '../../client/index.ts';
import { outside } from '../outside/outside.ts';
import { type Browsing, openBrowser } from '../support/browser.ts';
import { ownedKey, tokenOf } from '../support/credentials.ts';
import { doors } from '../support/doors.ts';
import { JOB_ID, jobIn, NOW } from '../support/jobs.ts';

const closing: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closing.toReversed()) await close();
});

async function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  closing.push(() => server.close().closeAllConnections());
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

/** What the script of the page finds. */
type InPage = typeof globalThis & { readonly sdk: typeof client };

(outside.chromium === undefined ? describe.skip : describe)('a page', () => {
  const owned = ownedKey();
  const statuses: number[] = [];
  let browsing: Browsing;
  let door: ReturnType<typeof doors>;
  let url: string;
  let pagePort: number;
  let page: Page;

  beforeAll(async () => {
    const entry = join(import.meta.dirname, '../../client/index.ts');
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: 'iife',
      globalName: 'sdk',
      write: false,
    });
    const html = `<!doctype html><title>A shop</title><script>${outputFiles[0]?.text}</script>`;
    pagePort = await listen((_, response) => response.setHeader('content-type', 'text/html').end(html));
    door = doors({ origins: [`http://127.0.0.1:${pagePort}`] });
    await door.keys.register(owned.key);
    const apiPort = await listen(async (asked, response) => {
      const parts: Buffer[] = [];
      for await (const part of asked) parts.push(part);
      // The door in this process says it once more of a body.
      const { 'content-type': _, ...given } = asked.headers;
      const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
      const body = Buffer.concat(parts).toString();
      const answer = await door.api(asked.url ?? '', {
        method: asked.method ?? 'GET',
        headers,
        ...(body === '' ? {} : { body }),
      });
      statuses.push(answer.status);
      response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(answer.text);
    });
    url = `http://127.0.0.1:${apiPort}`;
    browsing = await openBrowser();
    closing.push(() => browsing.close());
    ({ page } = await browsing.read(`http://127.0.0.1:${pagePort}/`));
  }, 120_000);

  it('of an allowed origin submits with the token of its user, finds the job, and reaches no other tenant', async () => {
    await door.ports.jobs.create(jobIn('running', { jobId: JOB_ID, tenantId: 'globex' }));
    const seen = await page.evaluate(
      async ([at, token, foreign]) => {
        const hg = (globalThis as InPage).sdk.headgate<never>({ url: at, token });
        const submit = hg.jobs.submit as (...asked: unknown[]) => Promise<{ id: string }>;
        const { id } = await submit('report.render', { input: { title: 'x' }, idempotencyKey: 'page-1' });
        const again = await submit('report.render', { input: { title: 'x' }, idempotencyKey: 'page-1' });
        const { state } = await hg.jobs.get(id);
        const refused = await hg.jobs.get(foreign).catch((error: { code?: string }) => error.code);
        return { same: id === again.id, again, state, refused };
      },
      [url, tokenOf(owned), JOB_ID] as const,
    );
    expect(seen).toMatchObject({
      same: true,
      again: { replayed: true },
      state: 'waiting',
      refused: 'not_found',
    });
  });

  it('waits for a job with its ETag, which costs answers without a body, until it is over', async () => {
    const jobId = `job_${'w'.repeat(26)}`;
    const atWork = jobIn('running', { jobId });
    await door.ports.jobs.create(atWork);
    statuses.length = 0;
    const waiting = page.evaluate(
      async ([at, token, id]) =>
        (await (globalThis as InPage).sdk.headgate({ url: at, token }).jobs.wait(id)).state,
      [url, tokenOf(owned), jobId] as const,
    );
    while (!statuses.includes(304)) await new Promise((resolve) => setImmediate(resolve));
    const stored = await door.ports.jobs.get(jobId);
    if (stored === undefined) throw new Error('the job is gone');
    await door.ports.jobs.replace(stored, {
      ...stored,
      state: 'succeeded',
      version: stored.version + 1,
      finishedAt: NOW,
    });
    expect(await waiting).toBe('succeeded');
  });

  it('renews a token that has expired while it was open, and goes on', async () => {
    const expired = tokenOf(owned, { iat: NOW / 1000 - 400, exp: NOW / 1000 - 31 });
    const asked = await page.evaluate(
      async ([at, old, fresh]) => {
        let times = 0;
        const token = () => (++times === 1 ? old : fresh);
        const { examined } = await (globalThis as InPage).sdk.headgate({ url: at, token }).jobs.list();
        return { times, examined: typeof examined };
      },
      [url, expired, tokenOf(owned)] as const,
    );
    expect(asked).toEqual({ times: 2, examined: 'number' });
  });

  it('cannot hold a key, and says nothing of it', async () => {
    const refused = await page.evaluate(
      ([at, key]) => {
        try {
          (globalThis as InPage).sdk.headgate({ url: at, key });
          return undefined;
        } catch (error) {
          return { code: (error as { code?: string }).code, text: String(error) };
        }
      },
      [url, owned.text] as const,
    );
    expect(refused?.code).toBe('key_in_browser');
    expect(refused?.text).not.toContain(owned.text.slice(5));
  });

  it('of another origin is kept from the answer by its browser', async () => {
    const { page: stranger } = await browsing.read(`http://localhost:${pagePort}/`);
    const code = await stranger.evaluate(
      ([at, token]) =>
        (globalThis as InPage).sdk
          .headgate({
            url: at,
            token,
            clock: { nowMs: Date.now, random: () => 0, sleep: async () => undefined },
          })
          .jobs.list()
          .catch((error: { code?: string }) => error.code),
      [url, tokenOf(owned)] as const,
    );
    expect(code).toBe('network');
  });
});
