/** The process of a sandbox: its start, its messages, its output, its end. */
import { type ChildProcess, fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { signalGroup } from '../process-group.ts';
import type { LambdaFunction } from './function.ts';
import type { FromSandbox, ToSandbox } from './sandbox-messages.ts';

export interface SandboxProcess {
  /** undefined when no process could be started; `ended` has the reason. */
  readonly pid: number | undefined;
  /** How it ended: `exit status 3`, `signal: SIGKILL` or V8's reason to abort. */
  readonly ended: Promise<string>;
  /** Messages arrive in order. One to a process that is gone is dropped; `ended` tells that it is gone. */
  send(message: ToSandbox): void;
  /** Ends the process and its children at once. */
  kill(): void;
}

const PROGRAM = fileURLToPath(new URL('./runtime.ts', import.meta.url));
/** Node's default folder. Without the cache, six sandboxes take 740 ms of CPU to start; with it, 520 ms. */
const COMPILE_CACHE = join(tmpdir(), 'node-compile-cache');
/**
 * A Lambda has its memory to itself; here a dozen sandboxes share that of a laptop. V8 would let each grow by three times
 * 16 MB of young objects before it looks, and collect in threads that take the cores of the others.
 */
const SMALL = ['--max-semi-space-size=2', '--single-threaded-gc'];
/** V8 prints the reason before it aborts, usually that the heap is at its limit. */
const FATAL = /^FATAL ERROR: (.*)/;

export function startProcess(
  fn: Pick<LambdaFunction, 'memoryMiB'>,
  environment: Readonly<Record<string, string>>,
  listener: { onMessage(message: FromSandbox): void; onLine(line: string): void },
): SandboxProcess {
  const child = fork(PROGRAM, {
    env: { ...environment, NODE_COMPILE_CACHE: COMPILE_CACHE },
    execArgv: [...SMALL, '--enable-source-maps', `--max-old-space-size=${fn.memoryMiB}`],
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // A group of its own: Ctrl-C reaches the host, which lets running calls finish.
    detached: true,
  });
  const { pid } = child;
  const kill = (): void => {
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
  };
  let fatal: string | undefined;
  for (const input of [child.stdout, child.stderr]) {
    if (!input) continue;
    createInterface({ input }).on('line', (line) => {
      fatal ??= FATAL.exec(line)?.[1];
      listener.onLine(line);
    });
  }
  child.on('message', (message: FromSandbox) => listener.onMessage(message));
  // Processes that the function started may hold the streams open, and `ended` waits until those are read to the end.
  child.on('exit', kill);
  const ended = endOf(child).then((reason) => fatal ?? reason);
  return { pid, ended, kill, send: (message) => void child.send(message, () => undefined) };
}

function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.on('error', (error) => resolve(String(error)));
  child.on('close', (code, signal) => resolve(signal ? `signal: ${signal}` : `exit status ${code}`));
  return promise;
}
