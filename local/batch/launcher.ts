import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { waitAtMost } from './bounded.ts';
import {
  type ContainerProcess,
  type ContainerSpec,
  type FromLauncher,
  RunningContainer,
  type ToLauncher,
} from './container.ts';

const PROGRAM = fileURLToPath(new URL('./launcher-process.ts', import.meta.url));
const CLOSE_LIMIT_MS = 2_000;
/** As a container that was killed. */
const KILLED = 137;

/** Starts containers from a small process of its own. @see launcher-process.ts */
export class Launcher {
  readonly #running = new Map<number, RunningContainer>();
  #process: ChildProcess | undefined;
  #ids = 0;

  /** Ahead of the first container, while this process is still small, too. */
  start(): void {
    this.#process ??= this.#fork();
  }

  /** @param record keeps the process where a later run of this program finds it */
  launch(spec: ContainerSpec, record: (process: ContainerProcess) => void): RunningContainer {
    const id = ++this.#ids;
    const container = new RunningContainer((started) => {
      record(started);
      this.#say({ kind: 'recorded', id });
    });
    this.#running.set(id, container);
    this.start();
    this.#say({ kind: 'run', id, ...spec });
    return container;
  }

  /** Containers are ended before. */
  async close(): Promise<void> {
    const launcher = this.#process;
    if (launcher === undefined) return;
    this.#process = undefined;
    const gone = once(launcher, 'exit').catch(() => undefined);
    if (launcher.connected) launcher.disconnect();
    await waitAtMost(CLOSE_LIMIT_MS, gone);
    launcher.kill('SIGKILL');
  }

  #fork(): ChildProcess {
    const launcher = fork(PROGRAM, {
      execArgv: [],
      serialization: 'advanced',
      env: { PATH: process.env['PATH'] },
    });
    launcher.on('message', (message: FromLauncher) => {
      this.#running.get(message.id)?.hear(message);
      if (message.kind === 'ended') this.#running.delete(message.id);
    });
    launcher.once('exit', () => {
      if (this.#process === launcher) this.#process = undefined;
      this.#lose();
    });
    launcher.on('error', () => undefined); // it exits, which is what counts
    return launcher;
  }

  /** Without the process that waits for them, the ends of these containers would never be heard of. */
  #lose(): void {
    for (const [id, container] of this.#running) {
      container.kill();
      container.hear({ kind: 'ended', id, end: { kind: 'exited', exitCode: KILLED } });
    }
    this.#running.clear();
  }

  #say(message: ToLauncher): void {
    this.#process?.send(message, () => undefined); // one that is gone has said so by its exit
  }
}
