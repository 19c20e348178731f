/**
 * The process that starts containers. A fork copies the page tables of its process: that takes 45 ms in the whole
 * cloud with its functions, in which no caller gets an answer, and a few in this small process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { signalGroup } from '../../process-group.ts';
import { waitAtMost } from '../bounded.ts';
import type { ContainerEnd, FromLauncher, ToLauncher } from './launch-messages.ts';
import { processStart } from './process-identity.ts';

/** A process that left the group can keep the pipes open for as long as it likes. */
const DRAIN_LIMIT_MS = 2_000;
/** Started, and not on record yet: if the cloud died now, no other process would end them. */
const unrecorded = new Map<number, number>();

const say = (message: FromLauncher) => process.send?.(message);

async function run({ id, command, directory, environment }: ToLauncher & { kind: 'run' }): Promise<void> {
  const child = startProcess(command, directory, environment);
  if (child instanceof Error) return void say({ kind: 'ended', id, end: notStarted(child) });
  const closed = new Promise((resolve) => child.once('close', resolve));
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => say({ kind: 'output', id, chunk }));
  const { pid } = child;
  if (pid !== undefined) {
    unrecorded.set(id, pid);
    say({ kind: 'started', id, pid, processStart: processStart(pid) });
  }
  const end = await endOf(child);
  // Like a container: its children end with it.
  if (pid !== undefined) signalGroup(pid, 'SIGKILL');
  unrecorded.delete(id);
  await waitAtMost(end.kind === 'exited' ? DRAIN_LIMIT_MS : 0, closed);
  child.stdout?.destroy();
  child.stderr?.destroy();
  say({ kind: 'ended', id, end });
}

async function endOf(child: ChildProcess): Promise<ContainerEnd> {
  try {
    const [code, signal] = await once(child, 'exit');
    return { kind: 'exited', exitCode: exitCodeOf(code, signal) };
  } catch (error) {
    return notStarted(error);
  }
}

function startProcess(
  [program, ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): ChildProcess | Error {
  if (program === undefined) return new Error('no command specified');
  try {
    return spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

function notStarted(error: unknown): ContainerEnd {
  return { kind: 'not_started', message: error instanceof Error ? error.message : String(error) };
}

process.on('message', (message: ToLauncher) => {
  if (message.kind === 'run') void run(message);
  else unrecorded.delete(message.id);
});
process.on('disconnect', () => {
  for (const pid of unrecorded.values()) signalGroup(pid, 'SIGKILL');
  process.exit();
});
// Ctrl-C reaches the whole group: the cloud decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
