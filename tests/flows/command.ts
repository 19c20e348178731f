/** `npm run webhooks` as a person runs it, against the embedded cloud. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Stack } from '../support/stack.ts';

const root = join(import.meta.dirname, '../..');

export async function runWebhooks(
  { cloud }: Pick<Stack, 'cloud'>,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(process.execPath, ['cli/webhooks.ts', ...args, '--endpoint-url', cloud.endpoint], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...cloud.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
  const [code] = await once(child, 'close');
  return { code: Number(code), output };
}
