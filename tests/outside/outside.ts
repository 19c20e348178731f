/** What `npm run outside` has installed: programs that npm does not bring. Tests that need one are skipped without it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.build/outside');
const ifInstalled = (mark: string, path: string) =>
  existsSync(join(folder, mark)) ? join(folder, path) : undefined;

export const outside = {
  /** Python with moto and ministack. */
  python: ifInstalled('python/installed.txt', 'python/bin/python'),
  cfnLint: ifInstalled('python/installed.txt', 'python/bin/cfn-lint'),
  /** Makes a client of an OpenAPI document. */
  openapiPythonClient: ifInstalled('python/bin/openapi-python-client', 'python/bin/openapi-python-client'),
  /** Makes requests of an OpenAPI document. */
  schemathesis: ifInstalled('fuzzer/installed.txt', 'fuzzer/bin/schemathesis'),
  /** The program of Lambda's runtime client, for Node. */
  lambdaClient: ifInstalled(
    'lambda-client/installed.json',
    'lambda-client/node_modules/aws-lambda-ric/index.mjs',
  ),
  /** A runner that a user's tests may have in the place of jest. */
  vitest: ifInstalled('vitest/installed.json', 'vitest/node_modules/vitest'),
  /** A browser, as Debian and its kin package it. */
  chromium: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path)),
  /** The folder with the jars of AWS's Event Ruler. */
  eventRuler: ifInstalled('event-ruler/installed.xml', 'event-ruler'),
} as const;

/** What a machine without Java cannot have, and CI need not. */
export const leftOut = outside.eventRuler === undefined ? ["AWS's Event Ruler"] : [];

export const missing = [
  ...(outside.python === undefined ? ['moto, ministack and cfn-lint'] : []),
  ...(outside.openapiPythonClient === undefined ? ['openapi-python-client'] : []),
  ...(outside.schemathesis === undefined ? ['schemathesis'] : []),
  ...(outside.lambdaClient === undefined ? ['aws-lambda-ric'] : []),
  ...(outside.vitest === undefined ? ['vitest'] : []),
  ...(outside.chromium === undefined ? ['Chromium'] : []),
];

/** Another AWS on a free port of this machine. */
export interface OtherAws {
  /** http://127.0.0.1:port */
  readonly endpoint: string;
  close(): Promise<void>;
}

/** Far above what it takes: seconds, and more when Python compiles moto for the first time on a busy machine. */
const START_MS = 60_000;
const STOP_MS = 10_000;

/** @throws Error with its last words when it does not come up */
export async function startAws(which: 'moto' | 'ministack'): Promise<OtherAws> {
  if (outside.python === undefined) throw new Error(`${which} is not installed: npm run outside`);
  const child = spawn(outside.python, [join(import.meta.dirname, 'serve.py'), which], {
    // Nothing of the developer's own AWS settings. moto removes resources in the order of their hashes.
    env: {
      PATH: process.env['PATH'],
      PYTHONHASHSEED: '0',
      PYTHONPYCACHEPREFIX: join(folder, 'pycache'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const lastWords: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastWords.push(line);
    lastWords.splice(0, lastWords.length - 40);
  });
  const ended = once(child, 'exit');
  const deadline = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const [endpoint] = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    ended.then(() => [undefined]),
  ]);
  clearTimeout(deadline);
  if (endpoint === undefined) throw new Error(`${which} did not start:\n${lastWords.join('\n')}`);
  return {
    endpoint,
    async close() {
      const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      child.stdin.end();
      await ended;
      clearTimeout(kill);
    },
  };
}
