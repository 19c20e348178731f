/** The program of a container as a process of this machine: its own process group, its lines, its time, its end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createLines } from '../../local/batch/containers/lines.ts';
import { signalGroup } from '../../local/process-group.ts';

export interface ProgramSpec {
  readonly command: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export type ProgramEnd =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly hasTimedOut: boolean }
  | { readonly kind: 'not_started'; readonly why: string };

/** @see AWS Batch user guide, "Job timeouts": SIGTERM, and SIGKILL after 30 seconds */
const GRACE_MS = 30_000;

/** @param signal asks the program to end, as a cancelled job or a reclaimed host does */
export async function runProgram(
  { command: [program = '', ...args], directory, environment, timeoutMs }: ProgramSpec,
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<ProgramEnd> {
  // A group of its own, so that what it has started ends with it.
  const child = spawn(program, args, {
    cwd: directory,
    env: { ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines = createLines(onLine);
  child.stdout.on('data', (chunk: Buffer) => lines.add('stdout', chunk));
  child.stderr.on('data', (chunk: Buffer) => lines.add('stderr', chunk));
  const closed = once(child, 'close');
  let hasTimedOut = false;
  const timers: NodeJS.Timeout[] = [];
  const send = (name: 'SIGTERM' | 'SIGKILL') => child.pid !== undefined && signalGroup(child.pid, name);
  const end = () => {
    send('SIGTERM');
    timers.push(setTimeout(() => send('SIGKILL'), GRACE_MS));
  };
  timers.push(
    setTimeout(() => {
      hasTimedOut = true;
      end();
    }, timeoutMs),
  );
  signal.addEventListener('abort', end, { once: true });
  try {
    const [code, by] = (await closed) as [number | null, NodeJS.Signals | null];
    lines.end();
    // As a shell and AWS Batch count the end by a signal.
    return { kind: 'ended', exitCode: code ?? 128 + (constants.signals[by ?? 'SIGKILL'] ?? 0), hasTimedOut };
  } catch (error) {
    return { kind: 'not_started', why: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal.removeEventListener('abort', end);
    send('SIGKILL');
  }
}
