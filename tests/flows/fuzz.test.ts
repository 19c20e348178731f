/**
 * Requests that schemathesis makes of the document, valid ones and broken ones, at both doors: no answer is a fault of the stack, and
 * each is one that the document promises.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { tenantOperationIds } from '../../api/contract/contract.ts';
import { type LaptopDoor, laptopDoor, registerLaptopKey } from '../../demo/door.ts';
import { outside } from '../outside/outside.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { openFlow } from './flow.ts';

const MAX_MS = 300_000;
jest.setTimeout(MAX_MS + 60_000);

const run = promisify(execFile);
const { schemathesis = '' } = outside;
const root = join(import.meta.dirname, '../..');

/** Of each operation, so that the time is bounded by their number. */
const EXAMPLES = 4;

/** @returns what it printed when an answer broke a promise; undefined when none did */
async function broken(document: string, url: string, more: readonly string[]): Promise<string | undefined> {
  const given = [
    ...['run', document, '--url', url, '--request-timeout', '120'],
    ...['--phases', 'fuzzing', '--max-examples', String(EXAMPLES), '--workers', '1'],
    // The same requests each time.
    ...['--seed', '1', '--generation-deterministic', '--no-shrink'],
    '--checks',
    'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance',
    ...['--suppress-health-check', 'all', '--warnings', 'off', '--continue-on-failure', '--no-color'],
    ...more,
  ];
  try {
    // What it remembers goes into the folder in which it runs.
    const cwd = dirname(document);
    await run(schemathesis, given, {
      cwd,
      timeout: MAX_MS,
      maxBuffer: 64 * 1024 * 1024,
      env: { COLUMNS: '200' },
    });
    return undefined;
  } catch (error) {
    // Its exit code is 1 for a broken promise, and it says which on its standard output.
    return String(Reflect.get(Object(error), 'stdout')).slice(-8000);
  }
}

(outside.schemathesis === undefined ? describe.skip : describe)('whatever is asked', () => {
  let stack: Stack;
  let folder: string;
  let document: string;
  let door: LaptopDoor;
  const opened = closedAfterAll();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
    document = join(folder, 'openapi.json');
    const text = await readFile(join(root, 'docs/openapi.json'), 'utf8');
    // It makes no text that fits this class of characters.
    await writeFile(document, text.replaceAll(String.raw`\\P{Cc}`, '[a-z]'));
    ({ stack } = await openFlow(opened));
    door = await laptopDoor(undefined);
    await registerLaptopKey(stack.clients, stack.cloud.outputs, door);
  });

  afterAll(() => rm(folder, { recursive: true }));

  it('by an operator is answered as the document says', async () => {
    const signature =
      'AWS4-HMAC-SHA256 Credential=operator/20260105/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0';
    const url = String(stack.cloud.outputs['OperateUrl']);
    expect(await broken(document, url, ['-H', `Authorization: ${signature}`])).toBeUndefined();
  });

  it('by a tenant is answered as the document says', async () => {
    const only = tenantOperationIds.flatMap((id) => ['--include-operation-id', id]);
    const headers = ['-H', `Authorization: Bearer ${door.key}`, '-H', 'Headgate-Tenant: acme'];
    expect(
      await broken(document, String(stack.cloud.outputs['ApiUrl']), [...headers, ...only]),
    ).toBeUndefined();
  });
});
