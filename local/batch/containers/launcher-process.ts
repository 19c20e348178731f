/**
 * The process that starts containers. A fork copies the page tables of its process: that takes 45 ms in the whole
 * cloud with its functions, in which no caller gets an answer, and a few in this small process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { signalGroup } from '../../process-group.ts';
import { waitAtMost } from '../bounded.ts';
import { abandon, type Engine, endInEngine } from './engine-end.ts';
import type { ContainerEnd, ContainerSpec, FromLauncher, ToLauncher } from './launch-messages.ts';
import { watchMemory } from './memory.ts';
import { processStart } from './process-identity.ts';
import { createWorkspaces, type Workspace } from './workspace.ts';

/** A process that left the group can keep the pipes open for as long as it likes. */
const DRAIN_LIMIT_MS = 2_000;
/** Started, and not on record yet: if the cloud died now, no other process would end them. */
const unrecorded = new Map<number, number>();
/** As a process that the system killed. */
const KILLED = 137;
const workspaces = createWorkspaces();
/** Their containers outlive the processes of their command lines. */
const engines = new Map<number, Engine>();

const say = (message: FromLauncher) => process.send?.(message);

async function run({ id, ...spec }: ToLauncher & { kind: 'run' }): Promise<void> {
  const workspace = await workspaces.open(id, spec).catch(asError);
  if (workspace instanceof Error) return void say({ kind: 'ended', id, end: notStarted(workspace) });
  const { engine } = spec;
  if (engine) engines.set(id, engine);
  const ended = await runIn(workspace, id, spec).catch(notStarted);
  say({ kind: 'ended', id, end: engine ? await endInEngine(engine, ended) : ended });
  engines.delete(id);
  await workspace.remove().catch(asError); // what is left goes with this process
}

async function runIn(workspace: Workspace, id: number, spec: ContainerSpec): Promise<ContainerEnd> {
  const { temporary } = workspace;
  const environment = { ...(temporary !== undefined && { TMPDIR: temporary }), ...spec.environment };
  const child = startProcess(spec.command, workspace.directory, environment);
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.stdout?.on('data', (chunk: Buffer) => say({ kind: 'output', id, source: 'stdout', chunk }));
  child.stderr?.on('data', (chunk: Buffer) => say({ kind: 'output', id, source: 'stderr', chunk }));
  const { pid } = child;
  let outOfMemory = false;
  let unwatch: (() => void) | undefined;
  if (pid !== undefined) {
    unrecorded.set(id, pid);
    say({ kind: 'started', id, pid, processStart: processStart(pid) });
    unwatch = watchMemory(pid, spec.memoryBytes, () => {
      outOfMemory = true;
      signalGroup(pid, 'SIGKILL');
    });
  }
  const end = await endOf(child);
  unwatch?.();
  // Like a container: its children end with it.
  if (pid !== undefined) signalGroup(pid, 'SIGKILL');
  unrecorded.delete(id);
  await waitAtMost(end.kind === 'exited' ? DRAIN_LIMIT_MS : 0, closed);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return end.kind === 'exited' && outOfMemory ? { ...end, exitCode: KILLED, outOfMemory } : end;
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
): ChildProcess {
  if (program === undefined) throw new Error('no command specified');
  return spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}

function notStarted(error: unknown): ContainerEnd {
  return { kind: 'not_started', message: asError(error).message };
}

process.on('message', (message: ToLauncher) => {
  if (message.kind === 'run') void run(message);
  else unrecorded.delete(message.id);
});
process.on('disconnect', () => {
  for (const pid of unrecorded.values()) signalGroup(pid, 'SIGKILL');
  abandon(engines.values());
  workspaces.removeAll();
  process.exit();
});
// Ctrl-C reaches the whole group: the cloud decides when this process ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
