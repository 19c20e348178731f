/** `headgate` against the stack of a test, told where it is as the AWS CLI would be. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { compileCache } from './compile-cache.ts';

const root = join(import.meta.dirname, '../..');

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Where a cloud is; a `Stack` is one of these. */
interface Somewhere {
  readonly cloud: { readonly environment: Readonly<Record<string, string>> };
}

/** @param args such as dlq list */
export function startCommand(stack: Somewhere, args: readonly string[]) {
  const { AWS_ENDPOINT_URL: endpoint = '', ...environment } = stack.cloud.environment;
  return spawn(process.execPath, ['cli/main.ts', ...args, '--endpoint-url', endpoint], {
    cwd: root,
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
}

export async function ended(child: ReturnType<typeof startCommand>): Promise<Ended> {
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: code as number | null, out, err };
}

export const runCommand = (stack: Somewhere, ...args: readonly string[]): Promise<Ended> =>
  ended(startCommand(stack, args));
