/** `headgate start`: npm start, which starts Headgate and its AWS on this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Stopped } from './program/stopped.ts';

const root = join(import.meta.dirname, '..');

/** Its options are those of demo/start.ts, which says them itself. @returns its exit code */
export async function start(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'demo/main.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  // A terminal sends Ctrl-C to the child as well; this process waits for its end.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const [code, signal] = await once(child, 'exit');
  if (typeof code === 'number') return code;
  throw new Stopped('failed', `The stack was ended by ${signal}.`);
}
