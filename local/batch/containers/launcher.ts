/**
 * Starts containers from a small process of its own.
 * @see launcher-process.ts
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitAtMost } from '../bounded.ts';
import { type Container, type ContainerListeners, createContainer } from './container.ts';
import type { ContainerSpec, FromLauncher, ToLauncher } from './launch-messages.ts';

const PROGRAM = fileURLToPath(new URL('./launcher-process.ts', import.meta.url));
const CLOSE_LIMIT_MS = 2_000;
/** Reported as a container that was killed. */
const KILLED = 137;

export type Launcher = ReturnType<typeof createLauncher>;

export function createLauncher() {
  const running = new Map<number, Container>();
  let current: ChildProcess | undefined;
  let ids = 0;

  function forked(): ChildProcess {
    const launcher = fork(PROGRAM, {
      execArgv: [],
      serialization: 'advanced',
      env: { PATH: process.env['PATH'] },
    });
    launcher.on('message', (message: FromLauncher) => {
      running.get(message.id)?.applyWorkerMessage(message);
      if (message.kind === 'ended') running.delete(message.id);
    });
    launcher.once('exit', () => {
      if (current === launcher) current = undefined;
      lose();
    });
    launcher.on('error', () => undefined); // it exits, which is what counts
    return launcher;
  }

  /** Without the process that waits for them, the ends of these containers would never be known. */
  function lose(): void {
    for (const [id, container] of running) {
      container.kill();
      container.applyWorkerMessage({ kind: 'ended', id, end: { kind: 'exited', exitCode: KILLED } });
    }
    running.clear();
  }

  function say(message: ToLauncher): void {
    current?.send(message, () => undefined); // one that is gone has said so by its exit
  }

  /** Ahead of the first container, while this process is still small, too. */
  function start(): void {
    current ??= forked();
  }

  return {
    start,
    /** @param listeners `onStarted` keeps the process where a later run of this program finds it */
    launch(spec: ContainerSpec, listeners: ContainerListeners): Container {
      const id = ++ids;
      const container = createContainer({
        onStarted(started) {
          listeners.onStarted(started);
          say({ kind: 'recorded', id });
        },
        onOutput: listeners.onOutput,
      });
      running.set(id, container);
      start();
      say({ kind: 'run', id, ...spec });
      return container;
    },
    /** The containers were ended before. */
    async close(): Promise<void> {
      const launcher = current;
      if (launcher === undefined) return;
      current = undefined;
      const gone = once(launcher, 'exit').catch(() => undefined);
      if (launcher.connected) launcher.disconnect();
      await waitAtMost(CLOSE_LIMIT_MS, gone);
      launcher.kill('SIGKILL');
    },
  };
}
