/**
 * A page of yours with `<headgate-jobs>` in it, and its server, which makes tokens for the tenant that is signed in. Beside `npm start`:
 * `HEADGATE_URL=… HEADGATE_KEY=… node demo/tenant-page/server.ts`, with what the greeting prints.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { headgate } from '../../client/index.ts';
import { built } from '../../tools/build.ts';

export interface TenantPage {
  /** Of the API for tenants. */
  readonly url: string;
  /** It signs tokens, and never leaves this server. */
  readonly key: string;
  /** The one that is signed in. A page of yours has this from its session. */
  readonly tenant: () => string | undefined;
}

type Answer = readonly [status: number, type: string, body: string | Buffer];

const FILES: Readonly<Record<string, readonly [type: string, path: string]>> = {
  '/': ['text/html; charset=utf-8', join(import.meta.dirname, 'index.html')],
  '/page.css': ['text/css', join(import.meta.dirname, 'page.css')],
  '/page.js': ['text/javascript', join(import.meta.dirname, 'page.js')],
  '/headgate-jobs.js': ['text/javascript', built.element],
};

export function tenantPage({ url, key, tenant }: TenantPage) {
  const { tokens } = headgate({ url, key });
  const origin = new URL(url).origin;
  const answer = async ({ method, url: path = '', headers }: IncomingMessage): Promise<Answer> => {
    if (path === '/token') {
      const signedIn = tenant();
      // Another page of the browser must not get a token of the tenant that is signed in here.
      if (method !== 'POST' || headers['sec-fetch-site'] !== 'same-origin' || signedIn === undefined)
        return [403, 'text/plain', 'No tenant is signed in.'];
      const scopes = ['jobs:read', 'endpoints:read'];
      return [200, 'text/plain', await tokens.mint({ tenant: signedIn, scopes, expiresIn: 300 })];
    }
    const [type, file] = FILES[path] ?? [];
    if (type === undefined || file === undefined) return [404, 'text/plain', 'There is no such page.'];
    const content = readFileSync(file);
    return [200, type, path === '/' ? content.toString().replace('API_URL', url) : content];
  };
  // The element needs its script and the API, and no exception for styles.
  const policy = `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' ${origin}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return (request: IncomingMessage, response: ServerResponse): void => {
    const send = ([status, type, body]: Answer) =>
      response
        .writeHead(status, {
          'content-type': type,
          'content-security-policy': policy,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        })
        .end(body);
    answer(request).then(send, () => send([503, 'text/plain', 'The API gives no answer.']));
  };
}

if (import.meta.main) {
  const { HEADGATE_URL: url = '', HEADGATE_KEY: key = '', HEADGATE_TENANT: tenant = 'acme' } = process.env;
  const server = createServer(tenantPage({ url, key, tenant: () => tenant }));
  server.listen(4173, '127.0.0.1', () => process.stdout.write('http://127.0.0.1:4173/\n'));
}
