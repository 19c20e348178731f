/** A client in another language, made of docs/openapi.json alone, drives a job from its submission to its end. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { outside } from '../outside/outside.ts';
import { closedAfterAll } from '../support/closing.ts';
import type { Stack } from '../support/stack.ts';
import { openFlow } from './flow.ts';

jest.setTimeout(120_000);

const run = promisify(execFile);
const { python = '', openapiPythonClient: generator = '' } = outside;
const root = join(import.meta.dirname, '../..');

(outside.openapiPythonClient === undefined ? describe.skip : describe)('a Python client of the API', () => {
  let stack: Stack;
  let csv: string;
  let folder: string;
  const opened = closedAfterAll();
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'python-client-'));
    ({ stack, csv } = await openFlow(opened));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is generated whole from the document, and submits, waits, explains, lists and cancels', async () => {
    const config = join(folder, 'config.json');
    await writeFile(config, JSON.stringify({ post_hooks: [] }));
    const generated = await run(generator, [
      'generate',
      '--path',
      join(root, 'docs/openapi.json'),
      '--output-path',
      join(folder, 'headgate_api'),
      '--meta',
      'none',
      '--config',
      config,
    ]);
    // What the generator cannot read, it leaves out with a warning.
    expect(generated.stdout + generated.stderr).not.toMatch(/warning|unable|cannot/i);

    const story = join(root, 'tests/outside/python_story.py');
    const { stdout } = await run(python, [story, stack.cloud.outputs['OperateUrl'] ?? '', 'acme', csv], {
      env: { PATH: dirname(python), PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(JSON.parse(stdout)).toEqual({
      health: 'ok',
      statuses: [201, 200],
      same: true,
      state: 'succeeded',
      rows: 2,
      waitsFor: 'none',
      kinds: expect.arrayContaining(['accepted', 'attempt.started', 'attempt.ended', 'state.succeeded']),
      listed: [true],
      cancelled: 'cancelled',
      absent: [404, 'not_found'],
    });
  });
});
