/**
 * One container: a process in a group of its own, so that its children end with it. Another process starts it, so it
 * has no process id at first.
 */
import { signalGroup } from '../../process-group.ts';
import type { ContainerEnd, ContainerProcess, FromLauncher, OutputSource } from './launch-messages.ts';

export type Container = ReturnType<typeof createContainer>;

export interface ContainerListeners {
  readonly onStarted: (process: ContainerProcess) => void;
  readonly onOutput: (source: OutputSource, chunk: Buffer) => void;
}

export function createContainer({ onStarted, onOutput }: ContainerListeners) {
  const end = Promise.withResolvers<ContainerEnd>();
  let pid: number | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  /** The end was asked for before there was a process. */
  let whenStarted: () => void = () => undefined;

  /** SIGTERM, and SIGKILL for what is left after the grace, as ECS stops a task. */
  function stop(graceSeconds: number): void {
    if (pid === undefined) {
      whenStarted = () => stop(graceSeconds);
      return;
    }
    if (killTimer) return;
    signalGroup(pid, 'SIGTERM');
    killTimer = setTimeout(kill, graceSeconds * 1000).unref();
  }

  function kill(): void {
    if (pid === undefined) whenStarted = kill;
    else signalGroup(pid, 'SIGKILL');
  }

  return {
    ended: end.promise,
    stop,
    kill,
    /** Takes what the launcher's process reports of this container. */
    applyWorkerMessage(message: FromLauncher): void {
      switch (message.kind) {
        case 'started':
          pid = message.pid;
          onStarted({ pid: message.pid, processStart: message.processStart });
          whenStarted();
          break;
        case 'output':
          onOutput(message.source, Buffer.from(message.chunk));
          break;
        case 'ended':
          clearTimeout(killTimer);
          end.resolve(message.end);
      }
    },
  };
}
